from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.models import Order, Product
from contracts.users.events import CreditRefused
from ficus.events import inbox, log
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.models import ParkedDecision, ParkedEvent
from ficus.sagas.models import SagaInstance
from ficus.testing import tokens
from ficus.testing.events import foreign
from tests.orders.conftest import known_staff

pytestmark = pytest.mark.django_db
STAFF = "b7c7a2a4-5f0c-7000-8000-000000000001"


def staff(role):
    known_staff(STAFF, role)
    return Client(**tokens.bearer(user_id=STAFF, username="sam", roles=[role]))


def act(client, action, *keys, model="order", **fields):
    form = {"action": action, "_selected_action": [str(key) for key in keys], **fields}
    return client.post(f"/orders/admin/orders/{model}/", form, follow=True)


class TestOrders:
    def test_are_listed_with_their_customers_name(self, order):
        services.remember_customer(customer_id=order.customer_id, username="ada", version=1)

        page = staff("support").get("/orders/admin/orders/order/")

        assert page.status_code == 200
        assert str(order.pk) in page.content.decode()
        assert "ada" in page.content.decode()

    @pytest.mark.parametrize("term", ["{order.pk}", "{order.customer_id}", "AD"])
    def test_are_found_by_id_customer_and_beginning_of_a_name(self, order, term):
        services.remember_customer(customer_id=order.customer_id, username="ada", version=1)

        page = staff("support").get("/orders/admin/orders/order/", {"q": term.format(order=order)})

        assert str(order.pk) in page.content.decode()

    def test_are_not_found_by_something_else(self, order):
        page = staff("support").get("/orders/admin/orders/order/", {"q": "nobody"})

        assert str(order.pk) not in page.content.decode()

    def test_show_their_lines_and_their_history(self, order):
        page = staff("support").get(f"/orders/admin/orders/order/{order.pk}/change/").content.decode()

        assert "lamp" in page
        assert "orders.order_placed" in page

    def test_cannot_be_edited_even_by_an_admin(self, order):
        client = staff("admin")

        answers = [
            client.post(f"/orders/admin/orders/order/{order.pk}/change/", {"status": "CONFIRMED"}).status_code,
            client.get("/orders/admin/orders/order/add/").status_code,
            client.post(f"/orders/admin/orders/order/{order.pk}/delete/", {"post": "yes"}).status_code,
        ]

        order.refresh_from_db()
        assert (answers, order.status) == ([403, 403, 403], "PENDING")

    def test_are_cancelled_by_the_service_with_the_person_as_actor(self, order):
        page = act(staff("support"), "cancel", order.pk)

        order.refresh_from_db()
        assert (order.status, order.reason) == ("CANCELLED", "cancelled_by_staff")
        assert log.history("order", order.pk)[1].metadata["actor"] == STAFF
        assert "1 cancelled." in page.content.decode()

    def test_are_cancelled_for_the_reason_that_is_given(self, order):
        act(staff("support"), "cancel", order.pk, reason="asked by telephone")

        order.refresh_from_db()
        assert (order.status, order.reason) == ("CANCELLED", "asked by telephone")

    def test_are_fulfilled_by_operators(self, order):
        services.confirm_order(order_id=order.pk)

        act(staff("operator"), "fulfil", order.pk)

        order.refresh_from_db()
        assert order.status == "FULFILLED"

    def test_are_not_fulfilled_by_support(self, order):
        services.confirm_order(order_id=order.pk)

        act(staff("support"), "fulfil", order.pk)

        order.refresh_from_db()
        assert order.status == "CONFIRMED"

    def test_that_cannot_be_moved_are_named_with_the_reason(self, order):
        page = act(staff("operator"), "fulfil", order.pk)

        order.refresh_from_db()
        assert order.status == "PENDING"
        assert "The order is PENDING and cannot become FULFILLED." in page.content.decode()


class TestAnOrderAsItWas:
    def page(self, order, as_of):
        return staff("support").get(f"/orders/admin/orders/order/{order.pk}/change/", {"as_of": as_of})

    def status(self, page):
        return page.context["original"].status, page.context["original"].version

    def test_is_shown_for_a_moment(self, order):
        services.confirm_order(order_id=order.pk)
        services.cancel_order(order_id=order.pk, reason="too late")
        moments = [recorded.recorded_at.isoformat() for recorded in log.history("order", order.pk)]

        pages = [self.page(order, moment) for moment in moments]

        assert [self.status(page) for page in pages] == [("PENDING", 1), ("CONFIRMED", 2), ("CANCELLED", 3)]
        assert "orders.order_cancelled" not in pages[1].content.decode()
        assert f"as it was at {moments[1]}" in pages[1].content.decode()

    def test_is_one_click_away_from_its_history(self, order):
        [placed] = log.history("order", order.pk)

        page = staff("support").get(f"/orders/admin/orders/order/{order.pk}/change/").content.decode()

        assert f"?as_of={placed.recorded_at.isoformat().replace(':', '%3A').replace('+', '%2B')}" in page

    @pytest.mark.parametrize(
        ("as_of", "said"), [("yesterday", "is no time"), ("2026-01-01", "It had not been placed at 2026-01-01")]
    )
    def test_is_the_order_as_it_is_now_with_a_word_why(self, order, as_of, said):
        page = self.page(order, as_of)

        assert (page.status_code, self.status(page)) == (200, ("PENDING", 1))
        assert said in page.content.decode()

    def test_leaves_the_row_as_it_is(self, order):
        placed_at = log.history("order", order.pk)[0].recorded_at
        services.confirm_order(order_id=order.pk)

        self.page(order, placed_at.isoformat())

        order.refresh_from_db()
        assert order.status == "CONFIRMED"


class TestWhatHappened:
    @pytest.mark.parametrize(
        "page", ["ficus_events/logentry/", "ficus_events/parkedevent/", "ficus_sagas/sagainstance/"]
    )
    def test_is_shown_to_staff(self, order, page):
        answer = staff("support").get(f"/orders/admin/{page}")

        assert answer.status_code == 200
        assert ("parked" in page) or (str(order.pk) in answer.content.decode())


class TestDecisions:
    @pytest.fixture
    def parked(self, order):
        answer = foreign(
            "orders",
            CreditRefused(
                customer_id=order.customer_id, order_id=uuid4(), amount=1, currency="EUR", reason="credit_exceeded"
            ),
        )
        inbox.receive(consumers()["orders"], Batch("users", answer.place() - 1, [answer]), at=timezone.now())
        return ParkedEvent.objects.get()

    def test_about_parked_events_are_made_by_operators(self, parked):
        page = f"/orders/admin/ficus_events/parkedevent/{parked.pk}/decide/"

        refused = staff("support").post(page, {"decision": "drop", "reason": "because"})
        shown = staff("operator").get(page)
        done = staff("operator").post(page, {"decision": "drop", "reason": "no such order"})

        assert (refused.status_code, shown.status_code, done.status_code) == (403, 200, 302)
        assert 'href="/orders/admin/ficus_events/parkedevent/"' in shown.text
        assert done["Location"] == "/orders/admin/ficus_events/parkedevent/"
        assert ParkedDecision.objects.get().reason == "no such order"

    def test_about_stories_are_made_by_operators(self, order):
        story = SagaInstance.objects.get(key=order.pk)
        page = f"/orders/admin/ficus_sagas/sagainstance/{story.pk}"

        refused = staff("support").post(f"{page}/decide/", {"decision": "abort", "reason": "because"})
        done = staff("operator").post(f"{page}/decide/", {"decision": "abort", "reason": "asked by phone"})

        order.refresh_from_db()
        assert (refused.status_code, done.status_code) == (403, 302)
        assert (order.status, order.reason) == ("CANCELLED", "aborted_by_staff")
        assert "asked by phone" in staff("support").get(f"{page}/change/").text

    def test_about_an_order_are_found_from_its_page(self, order):
        page = staff("support").get(f"/orders/admin/orders/order/{order.pk}/change/").text

        assert f"/orders/admin/ficus_sagas/sagainstance/?q={order.pk}" in page


class TestProducts:
    def test_are_withdrawn_and_offered_by_operators(self, catalogue):
        operator = staff("operator")

        act(operator, "withdraw", "mug", "lamp", model="product")
        act(operator, "offer", "lamp", model="product")

        assert list(Product.objects.filter(is_active=True).order_by("sku").values_list("sku", flat=True)) == [
            "desk",
            "dollar",
            "lamp",
        ]

    def test_get_another_price_from_operators(self, catalogue):
        operator = staff("operator")

        done = act(operator, "change_price", "mug", "lamp", model="product", unit_price="1390")
        refused = act(operator, "change_price", "desk", model="product", unit_price="-5")

        prices = dict(Product.objects.values_list("sku", "unit_price"))
        assert (prices["mug"], prices["lamp"], prices["desk"]) == (1390, 1390, 40000)
        assert "2 changed." in done.content.decode()
        assert "A price is from 1 to" in refused.content.decode()

    def test_keep_their_price_where_support_asks(self, catalogue):
        act(staff("support"), "change_price", "mug", model="product", unit_price="1")

        assert Product.objects.get(pk="mug").unit_price == 1250

    def test_are_left_alone_by_support(self, catalogue):
        act(staff("support"), "withdraw", "mug", model="product")

        assert Product.objects.get(pk="mug").is_active is True


class TestDoor:
    def test_leads_to_the_front_doors_sign_in(self, settings):
        answer = Client().get("/orders/admin/")

        assert answer.status_code == 302
        assert "/orders/admin/" in answer["Location"]

    def test_is_shut_for_customers(self, order):
        answer = staff("customer").get("/orders/admin/orders/order/", follow=False)

        assert answer.status_code in (302, 403)
        assert Order.objects.get().status == "PENDING"


class TestConfiguration:
    @pytest.mark.parametrize(("role", "may_change"), [("support", False), ("operator", True), ("admin", True)])
    def test_is_for_staff_to_look_at_and_for_operators_to_change(self, settings, role, may_change):
        settings.CONFIGURATION = {**settings.CONFIGURATION, "URL": "redis://127.0.0.1:1/0"}

        page = staff(role).get("/orders/admin/ficus_configuration/configuration/").content.decode()

        assert 'data-setting="flags.ask_credit_first"' in page
        assert ("Change a value" in page) is may_change
