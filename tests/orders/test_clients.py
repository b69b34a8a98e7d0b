from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from apps.orders import clients, exceptions, services
from apps.orders.clients import Credit, Reservation, ReservationOutcome
from apps.orders.models import Order
from apps.orders.queries import Line
from ficus.errors import Unavailable
from ficus.resilience import switches

pytestmark = pytest.mark.django_db


def counted(outcome):
    return REGISTRY.get_sample_value("orders_credit_checks_total", {"outcome": outcome}) or 0


class TestFindCredit:
    def test_returns_what_users_knows(self, distant_users, customer_id, monkeypatch):
        monkeypatch.setattr(clients, "CREDIT_TIMEOUT_SECONDS", 20.0)  # a busy machine is not what this is about
        distant_users.available[customer_id] = 5000
        before = counted("answered")

        credit = clients.find_credit(customer_id)

        assert credit == Credit("EUR", 5000)
        assert counted("answered") - before == 1

    def test_says_when_users_knows_no_such_customer(self, distant_users, customer_id):
        with pytest.raises(exceptions.CustomerUnknown):
            clients.find_credit(customer_id)

    def test_returns_none_and_counts_when_users_is_too_slow(self, distant_users, customer_id):
        distant_users.available[customer_id] = 5000
        distant_users.seconds = 0.4
        before = counted("unanswered")

        credit = clients.find_credit(customer_id)

        assert credit is None
        assert counted("unanswered") - before == 1

    def test_returns_none_and_counts_when_users_is_away(self, customer_id):
        before = counted("unanswered")

        credit = clients.find_credit(customer_id)

        assert credit is None
        assert counted("unanswered") - before == 1

    @pytest.mark.parametrize(
        "nonsense",
        [
            {"customer_id": "0190b6a0-0000-7000-8000-000000000bad"},
            {"currency": ""},
            {"available": -5000, "granted": -5000},
            {"available": 4999},
            {"held": 1},
        ],
    )
    def test_returns_none_and_counts_when_the_answer_makes_no_sense(self, users, customer_id, nonsense):
        users.available[customer_id] = 5000
        users.says[customer_id] = nonsense
        before = counted("nonsense")

        credit = clients.find_credit(customer_id)

        assert credit is None
        assert counted("nonsense") - before == 1


class TestCheckCredit:
    def check(self, customer_id, *lines):
        return services.check_credit(customer_id=customer_id, lines=lines, currency="EUR")

    def test_lets_an_order_within_the_credit_pass(self, catalogue, users, customer_id):
        users.available[customer_id] = 2500

        assert self.check(customer_id, Line("mug", 2)) is True

        assert users.asked == ["GetCredit"]

    def test_refuses_an_order_that_is_one_cent_over(self, catalogue, users, customer_id):
        users.available[customer_id] = 2499

        with pytest.raises(exceptions.CreditExceeded) as refusal:
            self.check(customer_id, Line("mug", 2))

        assert refusal.value.extra == {"total": 2500, "available": 2499, "currency": "EUR"}
        assert Order.objects.count() == 0

    def test_lets_the_order_pass_when_users_is_away(self, catalogue, customer_id):
        assert self.check(customer_id, Line("desk", 1000)) is False

        assert counted("unanswered") > 0

    def test_asks_nobody_about_lines_that_cannot_be_ordered(self, catalogue, users, customer_id):
        with pytest.raises(exceptions.UnknownProduct):
            self.check(customer_id, Line("gone", 1))

        assert users.asked == []


class TestReserveCredits:
    def test_returns_what_became_of_each_order(self, distant_users, customer_id):
        distant_users.available[customer_id] = 100
        first, second = uuid4(), uuid4()

        outcomes = clients.reserve_credits(
            [Reservation(first, customer_id, "EUR", 80), Reservation(second, customer_id, "EUR", 30)]
        )

        assert outcomes == {
            first: ReservationOutcome(True, ""),
            second: ReservationOutcome(False, "credit_exceeded"),
        }


class TestListHolds:
    def test_reads_page_after_page(self, users, customer_id, monkeypatch):
        monkeypatch.setattr(clients, "HOLDS_AT_ONCE", 2)
        order_ids = sorted(uuid4() for _ in range(4))
        for order_id in order_ids:
            users.hold(order_id, customer_id, 100, "held")

        holds = list(clients.list_holds())

        assert [hold.order_id for hold in holds] == order_ids
        assert users.asked == ["ListHolds"] * 3

    def test_says_when_users_is_away(self):
        with pytest.raises(Unavailable):
            list(clients.list_holds())


class TestCreditThatIsNotToBeAskedFor:
    def test_refuses_nothing_and_asks_nobody(self, users, customer_id, catalogue, monkeypatch):
        monkeypatch.setenv("FLAG_ASK_CREDIT_FIRST", "0")
        lines = [Line("lamp", 1)]

        assert services.check_credit(customer_id=customer_id, lines=lines, currency="EUR")

        assert users.asked == []

    def test_that_is_switched_off_refuses_nothing_and_asks_nobody(self, users, customer_id, catalogue):
        switches.use(["users/GetCredit"])

        try:
            assert not services.check_credit(customer_id=customer_id, lines=[Line("lamp", 1)], currency="EUR")
        finally:
            switches.use(())

        assert users.asked == []
