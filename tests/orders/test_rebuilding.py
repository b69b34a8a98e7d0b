"""Orders follow from their events alone; proves architecture, section 4, Replay."""

import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.forms import model_to_dict

from apps.orders import services
from apps.orders.models import Order, OrderLine, RebuildFinding, RebuildRun
from apps.orders.rebuilding import run as running
from apps.orders.rebuilding.run import Run
from ficus.events import log
from ficus.events.announced import unannounced
from ficus.events.models import LogEntry

pytestmark = pytest.mark.django_db


def rebuild(*arguments):
    """Return what the command prints and the code that it exits with."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("rebuild", *map(str, arguments), stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue() + f"{error}\n", error.returncode
    return out.getvalue(), 0


def everything():
    """Return all rows of orders and lines, whatever keys the lines have."""
    lines = sorted(str(model_to_dict(line, exclude=["id"])) for line in OrderLine.objects.all())
    return {order.pk: (*model_to_dict(order).items(), order.status) for order in Order.objects.all()}, lines


def spoil(order, **fields):
    with unannounced("what somebody did by hand"):
        Order.objects.filter(pk=order.pk).update(**fields)


def lose(order):
    with unannounced("what somebody did by hand"):
        OrderLine.objects.filter(order=order).delete()
        Order.objects.filter(pk=order.pk).delete()


class TestCheck:
    def test_agrees_with_orders_of_any_status(self, orders):
        assert rebuild("--check") == ("5 orders agree with their events\n", 0)

    def test_prints_what_differs_by_id_and_exits_with_1(self, orders):
        order = orders["CONFIRMED"]
        spoil(order, status="FULFILLED", version=3)

        printed, code = rebuild("--check")

        assert printed.splitlines() == [
            f"{order.pk}: status is FULFILLED, its events say CONFIRMED; version is 3, its events say 2",
            "orders: 1 of 5 differ from their events",
        ]
        assert (code, Order.objects.get(pk=order.pk).status) == (1, "FULFILLED")

    def test_names_an_order_that_is_lost_and_one_that_nothing_tells_of(self, orders):
        lose(orders["PENDING"])
        LogEntry.objects.filter(aggregate_id=orders["REJECTED"].pk).delete()

        printed, code = rebuild("--check")

        assert code == 1
        assert f"{orders['PENDING'].pk}: there is no such order, and its events say PENDING\n" in printed
        assert f"{orders['REJECTED'].pk}: there are no events of it\n" in printed

    def test_names_an_order_whose_events_have_a_gap(self, orders):
        order = orders["FULFILLED"]
        LogEntry.objects.filter(aggregate_id=order.pk, aggregate_version=2).delete()

        printed, code = rebuild("--check", "--order", order.pk)

        assert (printed.startswith(f"{order.pk}: its events do not tell of an order: "), code) == (True, 1)

    def test_looks_at_one_order_alone(self, orders):
        spoil(orders["CONFIRMED"], reason="bad weather")

        assert rebuild("--check", "--order", orders["PENDING"].pk) == ("1 orders agree with their events\n", 0)

    def test_as_of_a_moment_names_what_has_changed_since(self, orders):
        moment = LogEntry.objects.latest("recorded_at").recorded_at
        services.confirm_order(order_id=orders["PENDING"].pk)

        printed, code = rebuild("--check", "--as-of", moment.isoformat())

        assert (printed.splitlines()[0].split(":")[0], code) == (str(orders["PENDING"].pk), 1)
        assert printed.splitlines()[1] == "orders: 1 of 5 differ from their events"


class TestRebuild:
    def test_changes_nothing_that_is_right(self, orders):
        before = everything()

        printed, code = rebuild()

        assert (printed, code) == ("5 orders are as their events tell, 0 of them made again\n", 0)
        assert everything() == before

    def test_makes_every_order_again_from_nothing_but_events(self, orders):
        before = everything()
        for order in orders.values():
            lose(order)

        _, code = rebuild()

        assert (code, everything()) == (0, before)

    def test_corrects_rows_and_lines_and_says_which(self, orders):
        before = everything()
        spoil(orders["CONFIRMED"], total=1, customer_id=uuid4())
        with unannounced("what somebody did by hand"):
            OrderLine.objects.filter(order=orders["PENDING"], position=1).update(quantity=9)

        printed, code = rebuild()

        assert (code, everything()) == (0, before)
        assert [line.split(":")[0] for line in printed.splitlines()[:-1]] == [
            str(order.pk) for order in sorted((orders["CONFIRMED"], orders["PENDING"]), key=lambda order: order.pk)
        ]

    def test_announces_nothing(self, orders):
        before = LogEntry.objects.count()
        lose(orders["CONFIRMED"])

        rebuild()

        assert LogEntry.objects.count() == before

    def test_leaves_an_order_alone_that_nothing_tells_of(self, orders):
        order = orders["REJECTED"]
        LogEntry.objects.filter(aggregate_id=order.pk).delete()

        printed, code = rebuild()

        assert printed.splitlines() == [
            f"{order.pk}: there are no events of it",
            "orders: 1 of 5 cannot be made from their events",
        ]
        assert (code, Order.objects.get(pk=order.pk).status) == (1, "REJECTED")

    def test_makes_one_order_alone(self, orders):
        for status in ("CONFIRMED", "PENDING"):
            spoil(orders[status], reason="bad weather")

        rebuild("--order", orders["CONFIRMED"].pk)

        assert list(Order.objects.filter(reason="bad weather")) == [orders["PENDING"]]


class TestResuming:
    @pytest.fixture(autouse=True)
    def _small_batches(self, monkeypatch):
        monkeypatch.setattr(running, "BATCH", 2)

    def stop_after(self, batches):
        seen = []

        def progress(done):
            seen.append(done)
            if len(seen) == batches:
                raise KeyboardInterrupt

        return progress

    def test_goes_on_where_it_was_stopped_and_remembers_what_it_found(self, orders):
        first, *_, last = sorted(orders.values(), key=lambda order: order.pk)
        spoil(first, reason="bad weather")
        spoil(last, reason="bad weather")
        with pytest.raises(KeyboardInterrupt):
            list(Run(checks=True).go_on(self.stop_after(batches=1)))

        run = Run(checks=True)
        looked_at = []
        found = list(run.go_on(looked_at.append))

        assert (run.resumed, looked_at) == (True, [2, 1])
        assert [difference.order_id for difference in found] == [first.pk, last.pk]
        assert (RebuildRun.objects.count(), RebuildFinding.objects.count()) == (0, 0)

    def test_goes_on_with_the_same_question_alone(self, orders):
        with pytest.raises(KeyboardInterrupt):
            list(Run(checks=True).go_on(self.stop_after(batches=1)))

        assert (Run(checks=False).resumed, Run(checks=True).resumed) == (False, True)

    def test_begins_again_when_asked_to(self, orders):
        with pytest.raises(KeyboardInterrupt):
            list(Run(checks=True).go_on(self.stop_after(batches=1)))

        run = Run(checks=True, anew=True)
        list(run.go_on())

        assert (run.resumed, run.done) == (False, 5)

    def test_counts_what_a_stopped_rebuild_has_made_as_made(self, orders):
        first = min(orders.values(), key=lambda order: order.pk)
        spoil(first, reason="bad weather")
        with pytest.raises(KeyboardInterrupt):
            list(Run(checks=False).go_on(self.stop_after(batches=1)))

        printed, code = rebuild()

        assert (printed.splitlines()[-1], code) == ("5 orders are as their events tell, 1 of them made again", 0)


class TestAsOf:
    def test_shows_an_order_as_it_was(self, orders):
        order = orders["FULFILLED"]
        placed, confirmed, _ = (recorded.recorded_at for recorded in log.history("order", order.pk))

        shown = [json.loads(rebuild("--order", order.pk, "--as-of", at.isoformat())[0]) for at in (placed, confirmed)]

        assert [(state["id"], state["status"], state["version"]) for state in shown] == [
            (str(order.pk), "PENDING", 1),
            (str(order.pk), "CONFIRMED", 2),
        ]
        assert shown[0]["lines"][0] == {"sku": "mug", "name": "Mug", "quantity": 2, "unit_price": 1250}

    def test_shows_every_order_that_there_was(self, orders):
        first, *_ = LogEntry.objects.order_by("recorded_at")
        shown, code = rebuild("--as-of", first.recorded_at.isoformat())

        assert [json.loads(line)["id"] for line in shown.splitlines()] == [str(first.aggregate_id)]
        assert code == 0

    def test_changes_nothing(self, orders):
        before = everything()

        rebuild("--as-of", "2026-01-01")

        assert everything() == before


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--order", "17"], "orders: '17' is no id of an order"),
            (["--order", "0197f3d4-7c00-7000-8000-00000000000a"], "orders: there is no order 0197f3d4-7c00"),
            (["--as-of", "yesterday"], "orders: 'yesterday' is no time; write it like 2026-11-21T12:00:00Z"),
            (["--as-of", "2026-02-30"], "orders: '2026-02-30' is no time"),
        ],
    )
    def test_is_refused_in_one_line_with_2(self, db, arguments, said):
        printed, code = rebuild(*arguments)

        assert (printed.startswith(said), printed.count("\n"), code) == (True, 1, 2)

    def test_is_a_moment_before_the_order_too(self, order):
        before = log.history("order", order.pk)[0].recorded_at - timedelta(seconds=1)

        printed, code = rebuild("--order", order.pk, "--as-of", before.isoformat())

        assert (printed, code) == (f"orders: order {order.pk} had not been placed at {before.isoformat()}\n", 2)
