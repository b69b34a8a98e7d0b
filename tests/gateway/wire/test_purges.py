"""A purge reaches every worker, whatever it names; proves semantics, section 10, "Cache"."""

import statistics
import time
from collections.abc import Iterator

import pytest

from tests.gateway.wire.conftest import PATIENT, Door, running_door
from tests.gateway.wire.service import FakeService, answer
from tests.gateway.wire.test_workers import Visitor, load, workers
from tests.gateway.wire.waiting import PATIENCE_SECONDS, until

PURGES = 3
# Before the workers start: one of them may know of a change of the table later than the other.
ROUTE = """
from gateway.control.models import Route, Service
orders = Service.objects.get(name="orders")
Route.objects.create(name="kept", path="/kept", service=orders, access="public", policies={"cache": {}})
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, _services: tuple[FakeService, FakeService]) -> Iterator[Door]:
    """A gateway of two workers, each of which keeps answers in its own memory."""
    directory = tmp_path_factory.mktemp("purges")
    with running_door(directory, *_services, setup=ROUTE, script=PATIENT, WEB_WORKERS="2") as door:
        until(lambda: len(workers(door)) == 2, what="two workers")
        yield door


class TestPurge:
    @pytest.mark.parametrize("by", ["tag", "key", "route"])
    def test_reaches_both_workers_in_time(self, two: Door, orders: FakeService, by: str) -> None:
        target = f"/kept/by-{by}"
        named = {"tag": f"by-{by}", "key": target, "route": "kept"}[by]
        fields = ("Cache-Control: max-age=3600", f"Surrogate-Key: by-{by}")
        orders.on(target, lambda connection, _: connection.send(answer(200, b"%d" % len(orders.asked), *fields)))
        lags: list[float] = []

        with load(two, target) as visitors:
            both = {visitor.worker for visitor in visitors}
            for _ in range(PURGES):
                asked = len(orders.asked)
                two.manage("cache", "purge", f"--{by}", named, "--reason", "Wrong price")
                purged_at = time.time()
                newer = {
                    worker: until(lambda worker=worker, asked=asked: _seen_at(visitors, worker, asked))
                    for worker in both
                }
                lags += [seen_at - purged_at for seen_at in newer.values()]

        assert len(both) == 2
        # Kept in between: what is being fetched as a purge arrives is not kept, and is asked for once more.
        assert 2 * (1 + PURGES) <= len(orders.asked) <= 4 * (1 + PURGES)
        assert [visitor.failed for visitor in visitors] == [[] for _ in visitors]
        # Two seconds, and what a machine adds that has other things to do.
        assert statistics.median(lags) < 2
        assert max(lags) < PATIENCE_SECONDS


def _seen_at(visitors: list[Visitor], worker: int, number: int) -> float:
    """Return when the worker first gave an answer that the service made after so many; 0 for not yet."""
    return min(
        (at for visitor in visitors for at, by, body in visitor.seen if by == worker and int(body) > number), default=0
    )
