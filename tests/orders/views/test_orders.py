from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from apps.orders import services
from apps.orders.queries import Line
from ficus.events import log
from tests.orders.conftest import NOW, place
from tests.orders.views.conftest import MUG, caller, post

pytestmark = pytest.mark.django_db


class TestOrderList:
    def ids(self, client, query=""):
        answer = client.get(f"/orders{query}")
        assert answer.status_code == 200
        return [UUID(order["id"]) for order in answer.json()["results"]]

    @pytest.fixture
    def orders(self, catalogue, customer_id):
        """Three orders of the customer, a day apart, and one of a stranger between them; oldest first."""
        days = [(customer_id, 0), (customer_id, 1), (uuid4(), 2), (customer_id, 3)]
        return [place(owner, placed_at=NOW + timedelta(days=day)).pk for owner, day in days]

    def test_shows_a_customer_his_own_newest_first(self, orders, customer):
        assert self.ids(customer) == [orders[3], orders[1], orders[0]]

    def test_shows_staff_everybodys(self, orders, support):
        assert self.ids(support) == orders[::-1]

    def test_shows_a_program_without_a_role_nothing(self, orders):
        assert self.ids(caller("reporting")) == []

    def test_filters_by_customer(self, orders, support, customer, customer_id):
        assert self.ids(support, f"?customer_id={customer_id}") == [orders[3], orders[1], orders[0]]
        assert self.ids(customer, f"?customer_id={uuid4()}") == []

    def test_filters_by_status(self, orders, support):
        services.confirm_order(order_id=orders[1])

        assert self.ids(support, "?status=CONFIRMED") == [orders[1]]

    def test_filters_from_an_instant_on_and_before_another(self, orders, support):
        second, fourth = (NOW + timedelta(days=day) for day in (1, 3))
        window = f"?placed_after={second:%Y-%m-%dT%H:%M:%S.%fZ}&placed_before={fourth:%Y-%m-%dT%H:%M:%S.%fZ}"

        assert self.ids(support, window) == [orders[2], orders[1]]

    @pytest.mark.parametrize("query", ["?status=LOST", "?customer_id=me", "?placed_after=yesterday", "?limit=101"])
    def test_refuses_filters_that_mean_nothing(self, orders, support, query):
        answer = support.get(f"/orders{query}")

        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")

    def test_takes_instants_before_the_epoch(self, orders, support):
        assert len(self.ids(support, "?placed_after=1815-12-10T00:00:00Z")) == 4

    def test_goes_through_pages_by_key(self, orders, support):
        first = support.get("/orders?limit=3").json()

        second = support.get(first["next"]).json()

        assert [UUID(order["id"]) for order in second["results"]] == [orders[0]]
        assert (first["previous"], second["next"]) == (None, None)

    def test_takes_as_many_queries_for_many_orders_as_for_one(self, orders, support, django_assert_num_queries):
        with django_assert_num_queries(2):
            support.get("/orders")


class TestOrderDetail:
    def test_is_404_for_a_stranger(self, order):
        answer = caller().get(f"/orders/{order.pk}")

        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")

    def test_is_shown_to_its_owner_and_to_staff(self, order, customer, support):
        assert customer.get(f"/orders/{order.pk}").json()["total"] == 11490
        assert support.get(f"/orders/{order.pk}/").json()["total"] == 11490

    def test_is_404_for_something_that_is_no_id(self, order, customer):
        answer = customer.get("/orders/1")

        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


class TestOrderHistory:
    def test_tells_every_event_in_order_with_who_asked(self, catalogue, customer, customer_id, operator):
        placed = post(customer, MUG).json()
        services.confirm_order(order_id=UUID(placed["id"]))
        operator.post(f"/orders/{placed['id']}/fulfil")

        history = customer.get(f"/orders/{placed['id']}/history").json()["results"]

        fulfilled_by = log.history("order", UUID(placed["id"]))[2].metadata["actor"]
        assert [(event["version"], event["type"], event["actor"]) for event in history] == [
            (1, "orders.order_placed", str(customer_id)),
            (2, "orders.order_confirmed", None),
            (3, "orders.order_fulfilled", fulfilled_by),
        ]
        assert history[0]["data"]["total"] == 2500
        assert history[0]["at"] <= history[1]["at"] <= history[2]["at"]
        assert fulfilled_by != ""

    def test_is_404_for_a_stranger(self, order):
        assert caller().get(f"/orders/{order.pk}/history").status_code == 404


class TestCancelOrder:
    def test_answers_with_the_cancelled_order(self, order, customer):
        answer = customer.post(f"/orders/{order.pk}/cancel", {"reason": "too dear"}, format="json")

        assert answer.status_code == 200
        assert [answer.json()[name] for name in ("status", "reason", "version")] == ["CANCELLED", "too dear", 2]

    def test_takes_no_body_for_no_reason(self, order, support):
        answer = support.post(f"/orders/{order.pk}/cancel")

        assert (answer.status_code, answer.json()["reason"]) == (200, "")

    def test_answers_409_with_the_present_status_for_an_order_that_has_ended(self, order, customer):
        services.reject_order(order_id=order.pk, reason="credit_exceeded")

        answer = customer.post(f"/orders/{order.pk}/cancel")

        assert answer.status_code == 409
        assert (answer.json()["code"], answer.json()["present_status"]) == ("illegal_move", "REJECTED")

    def test_is_404_for_a_stranger_and_changes_nothing(self, order):
        answer = caller().post(f"/orders/{order.pk}/cancel")

        order.refresh_from_db()
        assert (answer.status_code, order.status) == (404, "PENDING")

    def test_refuses_unknown_fields(self, order, customer):
        answer = customer.post(f"/orders/{order.pk}/cancel", {"because": "no"}, format="json")

        order.refresh_from_db()
        assert (answer.status_code, order.status) == (400, "PENDING")


class TestFulfilOrder:
    def test_lets_an_operator_fulfil_a_confirmed_order(self, order, operator):
        services.confirm_order(order_id=order.pk)

        answer = operator.post(f"/orders/{order.pk}/fulfil")

        assert (answer.status_code, answer.json()["status"]) == (200, "FULFILLED")

    def test_refuses_a_pending_order(self, order, operator):
        answer = operator.post(f"/orders/{order.pk}/fulfil")

        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_move")

    def test_refuses_who_is_no_operator(self, order, customer, support):
        services.confirm_order(order_id=order.pk)

        answers = [client.post(f"/orders/{order.pk}/fulfil").status_code for client in (customer, support, caller())]

        order.refresh_from_db()
        assert (answers, order.status) == ([403, 403, 404], "CONFIRMED")


class TestOrderSummary:
    def test_refuses_a_customer_that_is_none(self, customer):
        assert customer.get("/orders/summary?customer_id=").status_code == 400

    def test_counts_and_sums_by_status(self, catalogue, customer, customer_id):
        place(customer_id, Line("mug", 1))
        place(customer_id, Line("mug", 2))
        services.confirm_order(order_id=place(customer_id, Line("desk", 1)).pk)
        place(uuid4(), Line("desk", 1))

        answer = customer.get("/orders/summary")

        assert answer.json() == {
            "customer_id": str(customer_id),
            "currency": "EUR",
            "by_status": {
                "PENDING": {"count": 2, "sum": 3750},
                "CONFIRMED": {"count": 1, "sum": 40000},
                "REJECTED": {"count": 0, "sum": 0},
                "CANCELLED": {"count": 0, "sum": 0},
                "FULFILLED": {"count": 0, "sum": 0},
            },
        }

    def test_shows_staff_anybodys(self, order, support, customer_id):
        answer = support.get(f"/orders/summary?customer_id={customer_id}")

        assert answer.json()["by_status"]["PENDING"] == {"count": 1, "sum": 11490}

    def test_is_404_for_a_stranger(self, order, customer_id):
        answer = caller().get(f"/orders/summary?customer_id={customer_id}")

        assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")
