"""Every crash point of ``ficus.crash.points`` kills a process of a running system, and nothing is lost or doubled."""

import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from uuid import uuid4

import pytest
from celery import Celery

from ficus.crash.points import POINTS
from tests.e2e.crashing import APPEND, APPLY, PATIENCE_SECONDS, RELAY, Stations, Walk
from tests.e2e.people import Person
from tests.e2e.system import System, count_by_status, eventually, in_services, settled

IDEMPOTENCY = (
    "idempotency.after_claim",
    "idempotency.before_keep",
    "idempotency.before_commit",
    "idempotency.after_commit",
)
PLACING: dict[str, Stations] = {
    "services": {
        "gateway": ("gateway.before_forward", "gateway.before_answer", "gateway.after_answer"),
        "users-rpc": ("rpc.before_work", "rpc.before_answer"),
        "orders-web": (*IDEMPOTENCY, *APPEND, "saga.after_begin", "http.before_answer"),
        "orders-relay": (*RELAY, "relay.after_lock", "relay.poked"),
        "users-worker": ("worker.received", *APPLY, "append.before_commit", "append.after_commit", "worker.done"),
        "users-relay": ("relay.after_push",),
        "orders-worker": ("worker.received", "saga.before_save", "saga.before_commit"),
    },
    "monolith": {
        "monolith-web": ("idempotency.after_commit", "append.before_commit", "append.after_commit"),
        "monolith-relay": ("relay.before_push", "relay.after_push"),
        "monolith-worker": ("worker.received", "inbox.before_commit", "append.after_commit", "worker.done"),
    },
}
CANCELLING: dict[str, Stations] = {
    "services": {"orders-web": ("append.after_commit",), "users-worker": ("append.before_commit",)},
    "monolith": {"monolith-web": ("append.before_commit",)},
}
FULFILLING: dict[str, Stations] = {
    "services": {"orders-web": ("http.before_answer",), "users-worker": ("append.before_commit",)},
    "monolith": {"monolith-web": ("http.before_answer",)},
}
MISSING: dict[str, Stations] = {"services": {"users-worker": ("worker.before_pull", "worker.after_refusal")}}
PULLING: dict[str, Stations] = {
    "services": {
        "orders-rpc": ("rpc.before_work", "log_feed.between_batches", "rpc.before_answer"),
        "users-relay": (
            "catch_up.before_read",
            "catch_up.between_batches",
            "inbox.after_commit",
            "catch_up.after_read",
        ),
        "orders-relay": ("inbox.before_commit", "saga.before_commit"),
    },
}
GIVING_UP: dict[str, Stations] = {"services": {"orders-web": ("saga.after_end_from_outside",)}}
WAITING_IN_VAIN: dict[str, Stations] = {
    "services": {
        "orders-relay": (
            "timers.before_sweep",
            "timers.before_expire",
            "append.before_commit",
            "timers.before_commit",
            "timers.after_commit",
        )
    },
}
HEARING_TOO_LATE: dict[str, Stations] = {"services": {"orders-worker|orders-relay": ("saga.after_undo",)}}
FAILING: dict[str, Stations] = {
    "services": {
        "users-worker|users-relay": ("inbox.before_one_by_one", "parking.after_savepoint", "parking.before_commit"),
        "users-relay": ("parking.before_retry", "parking.after_retry"),
    },
}
DECIDING = ("decisions.before_commit", "decisions.after_commit")
REPLAYING = ("projection.before_commit", "projection.after_drop", "projection.between_batches")
REBUILDING = ("rebuild.before_keep", "rebuild.between_batches")
# On logs that are made for it, in tests/ficus/events: test_killed_archiver.py and test_killed_consumer.py.
WALKED_ELSEWHERE = ("archive.", "restore.", "lane.", "inbox.between_transactions")

POISON = """
from uuid import UUID
from django.db import transaction
from contracts.orders.events import ReleaseCredit
from ficus.events import log
from ficus.events.schema import Event, event

@event("orders.release_credit", version=99, aggregate=ReleaseCredit.AGGREGATE, key="order_id")
class FromTheFuture(Event, frozen=True, kw_only=True):
    order_id: UUID

with transaction.atomic():
    log.append(FromTheFuture(order_id=UUID("{order_id}")), version=1)
"""

pytestmark = pytest.mark.timeout(900)


class TestWalk:
    def test_comes_by_every_point_there_is(self) -> None:
        groups = (
            *(PLACING, CANCELLING, FULFILLING, MISSING, PULLING),
            *(GIVING_UP, WAITING_IN_VAIN, HEARING_TOO_LATE, FAILING),
        )
        by_process = chain.from_iterable(stations["services"].values() for stations in groups)

        others = {point for point in POINTS if not point.startswith(WALKED_ELSEWHERE)}
        assert {*chain.from_iterable(by_process), *DECIDING, *REPLAYING, *REBUILDING} == others


class Shop:
    """A guest with credit enough, who orders and remembers what came of it."""

    def __init__(self, system: System, guest: Person) -> None:
        self.system, self.guest, self.sku = system, guest, system.cheapest()["sku"]
        self.operator = system.demo_person("olga")
        grant = {"amount": 10_000_000, "reason": "for many orders"}
        assert self.operator.post(f"/users/{guest.id}/credit/grants", grant).status_code == 201
        self.placed: list[str] = []
        self.standing: list[str] = []

    def place(self) -> None:
        answer = self.guest.place_surely(self.sku)
        assert answer.status_code == 201, answer.text
        self.placed.append(answer.json()["id"])

    def place_some(self, count: int) -> None:
        for _ in range(count):
            self.place()

    def cancel(self) -> None:
        self.guest.move_surely(self._confirmed(), "cancel", "CANCELLED")

    def fulfil(self) -> None:
        self.operator.move_surely(self._confirmed(), "fulfil", "FULFILLED")

    def _confirmed(self) -> str:
        if not self.standing:
            self.place()
            self.settle()
        return self.standing.pop()

    def settle(self) -> dict[str, int]:
        """Wait until all is decided; see that each order was placed once; return how many are where."""
        orders = eventually(self.guest.orders, settled, PATIENCE_SECONDS)
        assert sorted(order["id"] for order in orders) == sorted(self.placed)
        self.standing = [order["id"] for order in orders if order["status"] == "CONFIRMED"]
        return count_by_status(orders)

    def entries_are(self, **ids: list[str]) -> None:
        """See that the ledger has these entries, each once, when everything has arrived."""
        wanted = sorted((kind, order_id) for kind, orders in ids.items() for order_id in orders)
        assert eventually(lambda: sorted(self.guest.entries()), lambda it: it == wanted, PATIENCE_SECONDS) == wanted


@pytest.fixture
def shop(system: System, guest: Person) -> Shop:
    return Shop(system, guest)


class TestAnOrder:
    def test_is_placed_cancelled_or_fulfilled_once_whoever_dies_where(self, system: System, shop: Shop) -> None:
        Walk(system, PLACING[system.name]).go(shop.place)
        assert shop.settle() == {"CONFIRMED": len(shop.placed)}
        shop.entries_are(held=shop.placed)

        Walk(system, CANCELLING[system.name]).go(shop.cancel)
        shop.settle()
        cancelled = sorted(set(shop.placed) - set(shop.standing))
        shop.entries_are(held=shop.placed, released=cancelled)

        Walk(system, FULFILLING[system.name]).go(shop.fulfil)
        shop.settle()
        fulfilled = sorted(set(shop.placed) - set(shop.standing) - set(cancelled))
        shop.entries_are(held=shop.placed, released=cancelled, captured=fulfilled)


@in_services
class TestAnEvent:
    def test_is_pulled_where_nothing_comes_that_can_be_used(self, system: System, shop: Shop) -> None:
        celery = Celery(broker=system.redis_url, set_as_current=False)

        def send_what_is_too_late_or_no_batch() -> None:
            for previous in (10**9, "none"):
                batch = {"consumer": "users", "source": "orders", "previous": previous, "events": []}
                celery.send_task("events.receive_batch", kwargs=batch, queue="events.users")

        Walk(system, MISSING[system.name]).go(send_what_is_too_late_or_no_batch, pause_seconds=1)
        system.processes.stop("users-worker", "orders-worker")

        Walk(system, PULLING[system.name]).go(shop.place)

        assert shop.settle() == {"CONFIRMED": len(shop.placed)}
        shop.entries_are(held=shop.placed)

    def test_that_fails_is_parked_once_and_dropped_once(self, system: System, shop: Shop) -> None:
        walk = Walk(system, FAILING[system.name])
        poison = system.command("orders", "shell", "-v", "0", "-c", POISON.format(order_id=uuid4()))
        assert poison.returncode == 0, poison.stderr

        walk.go(shop.place, pause_seconds=1)

        assert shop.settle() == {"CONFIRMED": len(shop.placed)}
        shop.entries_are(held=shop.placed)
        drop = ("drop", "--all", "--consumer", "users", "--reason", "a test")
        assert dying(system, DECIDING, "users", "parked", *drop) == ["0 dropped"]
        assert system.command("users", "parked", "list").stdout.split("\n")[0] == "nothing is parked"


@in_services
class TestAStory:
    def test_that_is_given_up_or_too_late_holds_nothing(self, system: System, shop: Shop) -> None:
        system.processes.stop("users-worker", "users-relay")
        Walk(system, GIVING_UP[system.name]).go(lambda: self._give_up(shop))

        with system.changed("orders-web", "orders-relay", ORDER_DEADLINE_SECONDS="1"):
            Walk(system, WAITING_IN_VAIN[system.name]).go(shop.place, pause_seconds=1)
            assert shop.settle() == {"CANCELLED": len(shop.placed)}

        late = Walk(system, HEARING_TOO_LATE[system.name])
        system.processes.start_again("users-worker", "users-relay")
        late.go(lambda: None)
        shop.entries_are(held=shop.placed, released=shop.placed)
        assert shop.settle() == {"CANCELLED": len(shop.placed)}

    def _give_up(self, shop: Shop) -> None:
        shop.place()
        shop.guest.move_surely(shop.placed[-1], "cancel", "CANCELLED")


@in_services
class TestACommand:
    def test_that_dies_is_given_again_and_comes_to_its_end(self, system: System, shop: Shop) -> None:
        with ThreadPoolExecutor(2) as people:
            replayed = people.submit(dying, system, REPLAYING, "orders", "projection", "replay", "orders.summary")
            rebuilt = people.submit(dying, system, REBUILDING, "orders", "rebuild", "--check")
            shop.place_some(3)

        assert replayed.result()[0].startswith("orders.summary is replayed: ")
        assert rebuilt.result()[0].endswith(" orders agree with their events")
        assert shop.settle() == {"CONFIRMED": 3}
        assert shop.guest.get("/orders/summary").json()["by_status"]["CONFIRMED"]["count"] == 3


def dying(system: System, points: tuple[str, ...], deployable: str, *arguments: str) -> list[str]:
    """Give a command again and again as it dies at one point after the other; return what it says at its end."""
    at = system.crash_points(f"{deployable}-{arguments[0]}")
    for point in points:
        at.arm(point)
    runs = []
    while not runs or (at.armed and len(runs) < 20):
        runs.append(system.command(deployable, *arguments))
    for point in at.armed:
        at.disarm(point)
    if runs[-1].returncode:
        runs.append(system.command(deployable, *arguments))
    assert [run.returncode for run in runs].count(-signal.SIGKILL) == len(points), [run.stderr for run in runs]
    assert (runs[-1].returncode, all(at.killed(point) for point in points)) == (0, True)
    return runs[-1].stdout.splitlines()
