from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import stamina
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from apps.users import services
from apps.users.audit import CHECKS
from apps.users.exceptions import CreditNotFound, IllegalMove, InvalidAmount
from apps.users.models import CreditAccount, CreditEntry, CreditHold
from apps.users.services import Decision, Reservation
from contracts.users import events
from ficus.events import log
from ficus.events.models import LogEntry
from tests.users.conftest import NOW

pytestmark = pytest.mark.django_db


def announced(customer_id):
    return [(entry.aggregate_version, entry.event()) for entry in log.history("credit", customer_id)]


def balance(customer_id):
    account = CreditAccount.objects.get(customer_id=customer_id)
    return {"granted": account.granted, "held": account.held, "captured": account.captured}


def wish(customer_id, amount=1000, *, order_id=None, currency="EUR"):
    return Reservation(order_id=order_id or uuid4(), customer_id=customer_id, currency=currency, amount=amount)


def reserve(customer_id, amount=1000, **details):
    reservation = wish(customer_id, amount, **details)
    services.reserve_credit(reservation=reservation, at=NOW)
    return reservation.order_id


@pytest.fixture(autouse=True)
def _audited(db: None) -> Iterator[None]:
    """Whatever a test does, what is always true is true afterwards."""
    yield
    assert [(check.says, id) for check in CHECKS for id in check.find()] == []


class TestGrantCredit:
    def test_adds_to_what_is_granted_and_announces_it(self, ada):
        entry = services.grant_credit(customer_id=ada.id, amount=500, reason="loyalty", at=NOW)

        assert balance(ada.id) == {"granted": 100_500, "held": 0, "captured": 0}
        assert (entry.kind, entry.amount, entry.reason, entry.version) == ("granted", 500, "loyalty", 2)
        granted = events.CreditGranted(customer_id=ada.id, amount=500, currency="EUR", reason="loyalty")
        assert announced(ada.id)[1:] == [(2, granted)]

    def test_is_refused_for_whom_nobody_knows(self):
        with pytest.raises(CreditNotFound):
            services.grant_credit(customer_id=uuid4(), amount=500, reason="loyalty", at=NOW)

        assert LogEntry.objects.count() == 0

    def test_refuses_nothing(self, ada):
        with pytest.raises(InvalidAmount):
            services.grant_credit(customer_id=ada.id, amount=0, reason="loyalty", at=NOW)

        assert (len(announced(ada.id)), CreditEntry.objects.count()) == (1, 1)


class TestReserveCredit:
    def test_holds_the_amount_and_announces_it(self, ada):
        reservation = wish(ada.id, 40_000)

        decision = services.reserve_credit(reservation=reservation, at=NOW)

        hold = CreditHold.objects.get()
        assert decision == Decision(order_id=reservation.order_id, reserved=True, reason="")
        assert (hold.order_id, hold.amount, hold.status, hold.decided_at) == (
            reservation.order_id,
            40_000,
            "held",
            NOW,
        )
        assert balance(ada.id) == {"granted": 100_000, "held": 40_000, "captured": 0}
        reserved = events.CreditReserved(
            customer_id=ada.id, order_id=reservation.order_id, amount=40_000, currency="EUR"
        )
        assert announced(ada.id)[1:] == [(2, reserved)]

    def test_holds_the_last_cent(self, ada):
        assert services.reserve_credit(reservation=wish(ada.id, 100_000), at=NOW).reserved

        assert CreditAccount.objects.get().available == 0

    @pytest.mark.parametrize(
        ("amount", "currency", "reason"), [(100_001, "EUR", "credit_exceeded"), (1, "USD", "currency_mismatch")]
    )
    def test_refuses_with_a_reason_and_holds_nothing(self, ada, amount, currency, reason):
        reservation = wish(ada.id, amount, currency=currency)

        decision = services.reserve_credit(reservation=reservation, at=NOW)

        assert decision == Decision(order_id=reservation.order_id, reserved=False, reason=reason)
        assert balance(ada.id) == {"granted": 100_000, "held": 0, "captured": 0}
        assert CreditEntry.objects.filter(order_id__isnull=False).count() == 0
        refused = events.CreditRefused(
            customer_id=ada.id, order_id=reservation.order_id, amount=amount, currency=currency, reason=reason
        )
        assert announced(ada.id)[1:] == [(2, refused)]

    def test_refuses_a_deactivated_customer(self, ada):
        services.deactivate_user(user_id=ada.id, reason="left")

        decision = services.reserve_credit(reservation=wish(ada.id), at=NOW)

        assert (decision.reserved, decision.reason) == (False, "customer_inactive")

    def test_refuses_whom_nobody_knows_and_numbers_the_refusals(self):
        stranger = uuid4()

        decisions = [services.reserve_credit(reservation=wish(stranger), at=NOW) for _ in range(2)]

        assert [decision.reason for decision in decisions] == ["customer_unknown", "customer_unknown"]
        assert [(version, event.reason) for version, event in announced(stranger)] == [
            (1, "customer_unknown"),
            (2, "customer_unknown"),
        ]

    @pytest.mark.parametrize(("amount", "reserved"), [(1000, True), (100_001, False)])
    def test_decides_an_order_once(self, ada, amount, reserved):
        reservation = wish(ada.id, amount)
        first = services.reserve_credit(reservation=reservation, at=NOW)

        second = services.reserve_credit(reservation=reservation, at=NOW)

        assert (first, second.reserved) == (second, reserved)
        assert (CreditHold.objects.count(), len(announced(ada.id))) == (1, 2)

    def test_refuses_a_negative_amount_and_decides_nothing(self, ada):
        with pytest.raises(InvalidAmount):
            services.reserve_credits(reservations=[wish(ada.id), wish(ada.id, -1)], at=NOW)

        assert (CreditHold.objects.count(), len(announced(ada.id))) == (0, 1)


class TestReserveCredits:
    def test_decides_in_the_order_given(self, ada, register):
        sam = register("sam")
        wishes = [wish(ada.id, 60_000), wish(sam.id, 1), wish(ada.id, 60_000), wish(ada.id, 40_000)]

        decisions = services.reserve_credits(reservations=wishes, at=NOW)

        assert [decision.order_id for decision in decisions] == [reservation.order_id for reservation in wishes]
        assert [decision.reason for decision in decisions] == ["", "", "credit_exceeded", ""]
        assert (balance(ada.id)["held"], balance(sam.id)["held"]) == (100_000, 1)
        assert [version for version, _ in announced(ada.id)] == [1, 2, 3, 4]

    def test_keeps_what_was_decided_before_and_decides_the_rest(self, ada):
        decided = wish(ada.id, 1)
        services.reserve_credit(reservation=decided, at=NOW)
        new = wish(ada.id, 2)

        decisions = services.reserve_credits(reservations=[decided, new, new], at=NOW)

        assert [decision.reserved for decision in decisions] == [True, True, True]
        assert (balance(ada.id)["held"], len(announced(ada.id))) == (3, 3)

    def test_needs_as_many_queries_for_many_as_for_few(self, ada, register):
        customers = [ada.id, *(register(f"customer{number}").id for number in range(9))]

        with CaptureQueriesContext(connection) as few:
            services.reserve_credits(reservations=[wish(customer, 1) for customer in customers[:2]], at=NOW)
        with CaptureQueriesContext(connection) as many:
            services.reserve_credits(reservations=[wish(customer, 1) for customer in customers * 10], at=NOW)

        assert len(many) - len(few) <= 4


class TestReleaseCredit:
    def test_gives_back_what_was_held_and_announces_it(self, ada):
        order_id = reserve(ada.id, 1000)

        services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        hold = CreditHold.objects.get()
        assert (hold.status, hold.settled_at) == ("released", NOW)
        assert balance(ada.id) == {"granted": 100_000, "held": 0, "captured": 0}
        released = events.CreditReleased(customer_id=ada.id, order_id=order_id, amount=1000, currency="EUR")
        assert announced(ada.id)[2:] == [(3, released)]

    def test_does_nothing_a_second_time(self, ada):
        order_id = reserve(ada.id, 1000)
        services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        assert (balance(ada.id)["held"], len(announced(ada.id))) == (0, 3)

    def test_does_nothing_for_an_order_that_was_refused(self, ada):
        order_id = reserve(ada.id, 100_001)

        services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        assert (CreditHold.objects.get().reason, len(announced(ada.id))) == ("credit_exceeded", 2)

    def test_refuses_from_now_on_an_order_that_was_never_decided(self, ada):
        order_id = uuid4()
        services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        decision = services.reserve_credit(reservation=wish(ada.id, order_id=order_id), at=NOW)

        assert decision == Decision(order_id=order_id, reserved=False, reason="order_cancelled")
        assert (balance(ada.id)["held"], len(announced(ada.id))) == (0, 1)

    def test_is_refused_once_the_credit_is_captured(self, ada):
        order_id = reserve(ada.id, 1000)
        services.capture_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        with pytest.raises(IllegalMove):
            services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        assert balance(ada.id) == {"granted": 100_000, "held": 0, "captured": 1000}


class TestCaptureCredit:
    def test_makes_due_what_was_held_and_announces_it_once(self, ada):
        order_id = reserve(ada.id, 1000)

        for _ in range(2):
            services.capture_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        assert CreditHold.objects.get().status == "captured"
        assert balance(ada.id) == {"granted": 100_000, "held": 0, "captured": 1000}
        captured = events.CreditCaptured(customer_id=ada.id, order_id=order_id, amount=1000, currency="EUR")
        assert announced(ada.id)[2:] == [(3, captured)]

    def test_is_refused_after_a_release(self, ada):
        order_id = reserve(ada.id, 1000)
        services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        with pytest.raises(IllegalMove):
            services.capture_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        assert balance(ada.id) == {"granted": 100_000, "held": 0, "captured": 0}

    def test_is_refused_for_an_order_that_nobody_knows(self, ada):
        with pytest.raises(CreditNotFound):
            services.capture_credit(order_id=uuid4(), customer_id=ada.id, at=NOW)

        assert len(announced(ada.id)) == 1


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_two_hundred_reservations_against_credit_for_one_hundred_hold_exactly_one_hundred(self, ada):
        wishes = [wish(ada.id, 1000) for _ in range(200)]

        decisions = in_threads(lambda one: services.reserve_credit(reservation=one, at=NOW), wishes)

        assert sum(decision.reserved for decision in decisions) == 100
        assert {decision.reason for decision in decisions} == {"", "credit_exceeded"}
        assert balance(ada.id) == {"granted": 100_000, "held": 100_000, "captured": 0}

    def test_one_order_delivered_sixteen_times_is_held_once(self, ada):
        reservation = wish(ada.id, 1000)

        decisions = in_threads(lambda one: services.reserve_credit(reservation=one, at=NOW), [reservation] * 16)

        assert {decision.reserved for decision in decisions} == {True}
        assert (balance(ada.id)["held"], CreditHold.objects.count(), len(announced(ada.id))) == (1000, 1, 2)


def in_threads(work, arguments):
    """Do the work for each argument, many at once; SQLite may let somebody wait too long, who then tries again."""

    def apply(argument):
        try:
            return stamina.retry(on=OperationalError, attempts=5, timeout=None)(work)(argument)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(apply, arguments))
