from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.orders.audit import across
from apps.orders.audit.across import check_across
from apps.orders.audit.rows import check_rows
from apps.orders.models import Order, OrderLine, order_id
from ficus.events.announced import unannounced
from ficus.events.models import LogEntry
from ficus.sagas.models import SagaInstance
from tests.orders.conftest import NOW

pytestmark = pytest.mark.django_db


def findings(found):
    return [(finding.order_id, finding.problem) for finding in found]


class TestCheckRows:
    def test_finds_nothing_wrong_with_orders_of_any_status(self, orders):
        assert findings(check_rows()) == []

    def test_names_an_order_whose_total_is_not_that_of_its_lines(self, orders):
        order = orders["CONFIRMED"]
        with unannounced("the audit has to find it"):
            OrderLine.objects.filter(order=order, position=2).delete()

        assert findings(check_rows()) == [
            (order.pk, "its total is 11490, its lines come to 2500"),
            (order.pk, "it differs from the event that placed it"),
        ]

    def test_names_an_order_whose_status_no_event_tells(self, orders):
        order = orders["CONFIRMED"]
        with unannounced("the audit has to find it"):
            Order.objects.filter(pk=order.pk).update(status="FULFILLED", version=3)

        assert findings(check_rows()) == [
            (order.pk, "it has version 3 and events with versions [1, 2]"),
            (order.pk, "it is FULFILLED and its last event is orders.order_confirmed"),
        ]

    def test_names_an_order_with_a_gap_in_its_events(self, orders):
        order = orders["FULFILLED"]
        LogEntry.objects.filter(aggregate_id=order.pk, aggregate_version=2).delete()

        assert findings(check_rows()) == [(order.pk, "it has version 3 and events with versions [1, 3]")]

    def test_names_an_order_with_another_reason_than_its_event(self, orders):
        order = orders["REJECTED"]
        with unannounced("the audit has to find it"):
            Order.objects.filter(pk=order.pk).update(reason="bad weather")

        assert findings(check_rows()) == [
            (order.pk, "its reason is 'bad weather', its last event says 'credit_exceeded'")
        ]

    def test_names_an_order_that_was_placed_otherwise(self, orders):
        order = orders["PENDING"]
        with unannounced("the audit has to find it"):
            Order.objects.filter(pk=order.pk).update(customer_id=uuid4())

        assert findings(check_rows()) == [(order.pk, "it differs from the event that placed it")]

    def test_names_a_pending_order_that_no_saga_will_end(self, orders):
        order = orders["PENDING"]
        SagaInstance.objects.filter(key=order.pk).update(status="done", ended_at=timezone.now())

        assert findings(check_rows()) == [(order.pk, "it is PENDING and its saga is not running")]

    def test_names_an_order_without_events(self, catalogue):
        lost = order_id(NOW, 7)
        with unannounced("the audit has to find it"):
            Order.objects.create(id=lost, customer_id=uuid4(), currency="EUR", total=1, placed_at=NOW)

        assert (lost, "it has version 1 and events with versions []") in findings(check_rows())

    def test_names_events_without_an_order(self, orders):
        order = orders["PENDING"]
        with unannounced("the audit has to find it"):
            Order.objects.filter(pk=order.pk).delete()

        assert findings(check_rows()) == [(order.pk, "the log has events of it, but there is no such order")]


class TestCheckAcross:
    @pytest.fixture
    def settled(self, orders, users):
        """What users has on record when every event about the orders has arrived."""
        for status, held in [
            ("CONFIRMED", "held"),
            ("FULFILLED", "captured"),
            ("REJECTED", "refused"),
            ("CANCELLED", "released"),
        ]:
            order = orders[status]
            users.hold(order.pk, order.customer_id, order.total, held)
        return users

    def test_finds_nothing_wrong_when_everything_has_settled(self, settled):
        assert check_across(patience_seconds=0) == []

    @pytest.mark.parametrize("status", ["held", "refused"])
    def test_lets_users_be_ahead_with_a_pending_order(self, orders, settled, status):
        order = orders["PENDING"]
        settled.hold(order.pk, order.customer_id, order.total, status)

        assert check_across(patience_seconds=0) == []

    def test_accepts_a_refusal_for_a_cancelled_order_that_users_never_saw(self, orders, settled):
        order = orders["CANCELLED"]
        settled.hold(order.pk, order.customer_id, 0, "refused")

        assert check_across(patience_seconds=0) == []

    @pytest.mark.parametrize(
        ("status", "held"),
        [
            ("PENDING", "captured"),
            ("PENDING", "released"),
            ("CONFIRMED", "released"),
            ("CONFIRMED", "refused"),
            ("FULFILLED", "held"),
            ("REJECTED", "held"),
            ("CANCELLED", "held"),
            ("CANCELLED", "captured"),
        ],
    )
    def test_names_an_order_whose_credit_does_not_fit_its_status(self, orders, settled, status, held):
        order = orders[status]
        settled.hold(order.pk, order.customer_id, order.total, held)

        assert findings(check_across(patience_seconds=0)) == [
            (order.pk, f"it is {status}, and users has its credit {held}")
        ]

    def test_names_a_confirmed_order_for_which_nothing_was_decided(self, orders, settled):
        del settled.holds[orders["CONFIRMED"].pk]

        assert findings(check_across(patience_seconds=0)) == [
            (orders["CONFIRMED"].pk, "it is CONFIRMED, and users has its credit undecided")
        ]

    def test_names_an_order_with_another_amount(self, orders, settled):
        order = orders["CONFIRMED"]
        settled.hold(order.pk, order.customer_id, 1, "held")

        [(wrong, problem)] = findings(check_across(patience_seconds=0))

        assert wrong == order.pk
        assert problem.startswith("it is 11490 EUR of customer")

    def test_names_credit_without_an_order(self, settled):
        stray = uuid4()
        settled.hold(stray, uuid4(), 100, "held")

        assert findings(check_across(patience_seconds=0)) == [
            (stray, "users has credit of 100 held, but there is no such order")
        ]

    def test_waits_for_events_that_are_still_on_their_way(self, orders, settled):
        late = orders["FULFILLED"]
        settled.arriving[late.pk] = settled.holds[late.pk]
        settled.hold(late.pk, late.customer_id, late.total, "held")

        assert check_across(patience_seconds=5) == []
        assert settled.asked == ["ListHolds"] * 2

    def test_waits_on_while_events_keep_arriving(self, orders, settled, monkeypatch):
        monkeypatch.setattr(across, "PAUSE_SECONDS", 0.05)
        for status, before in [("CONFIRMED", "refused"), ("FULFILLED", "held"), ("CANCELLED", "held")]:
            late = orders[status]
            settled.arriving[late.pk] = settled.holds[late.pk]
            settled.hold(late.pk, late.customer_id, late.total, before)

        assert check_across(patience_seconds=0.06) == []
        assert settled.asked == ["ListHolds"] * 4


class TestCommand:
    def test_says_that_all_is_well(self, orders, capsys):
        call_orders_audit()

        assert capsys.readouterr().out == "orders agree with their lines and events\n"

    def test_prints_what_is_wrong_by_id_and_exits_with_1(self, orders, capsys):
        order = orders["REJECTED"]
        with unannounced("the audit has to find it"):
            Order.objects.filter(pk=order.pk).update(reason="bad weather")

        with pytest.raises(CommandError, match="orders: 1 wrong") as failure:
            call_orders_audit()

        assert failure.value.returncode == 1
        assert str(order.pk) in capsys.readouterr().out

    def test_exits_with_2_when_users_cannot_be_asked(self, orders):
        with pytest.raises(CommandError, match="users cannot be asked") as failure:
            call_orders_audit(across=True)

        assert failure.value.returncode == 2


def call_orders_audit(**options):
    """The orders app's own command: in the monolith the name means both apps' together."""
    from apps.orders.management.commands.audit import Command

    call_command(Command(), **options)
