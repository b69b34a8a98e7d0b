"""
Does business when told to, one line of JSON for each window of it: ``{"first", "count", "rate"}``, rate 0 for at once.

Begins are scheduled, whatever became of those before (open loop); how late one was begun is noted, so that a producer
that is held up hides nothing. Answers when all is done: ``{"began_ns", "failed", "error"}``.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import django
from django.db import connection

Announce = Callable[..., object]
Action = Callable[[int, Callable[[], None]], None]

# How many threads do business at once, as a web server's do, when as much is wanted as there may be: one alone waits
# for the disk most of the time. SQLite has one writer.
LANES = {"postgresql": 4, "sqlite": 1}
threads = ThreadPoolExecutor(max(LANES.values()))


def main() -> None:
    django.setup()
    do = action()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(work(do, **json.loads(line))), flush=True)


def action() -> Action:
    """Return what this role does: by its number, and told what to call at the commit."""
    from django.conf import settings

    from bench.events.project import actions

    ficus = settings.CONTENDER == "ficus"
    announce = (by_ficus if ficus else by_task)(settings.ROLE)
    business = actions.sell if settings.ROLE == "shop" else actions.place
    return lambda number, committed: business(number=number, committed=committed, announce=announce)


def by_ficus(role: str) -> Announce:
    from bench.events.project.events import Placed, Sold
    from ficus.events import log

    def sold(sale):  # type: ignore[no-untyped-def]
        log.append(Sold(sale_id=sale.id, number=sale.number, sku=sale.sku, quantity=sale.quantity), version=1)

    def placed(order):  # type: ignore[no-untyped-def]
        log.append(Placed(order_id=order.id, amount=order.amount), version=1)

    return sold if role == "shop" else placed


def by_task(role: str) -> Announce:
    from bench.events.project import celery_app, celery_tasks

    celery_app.app.finalize()

    def sold(sale):  # type: ignore[no-untyped-def]
        said = {"sale_id": str(sale.id), "number": sale.number, "sku": sale.sku, "quantity": sale.quantity}
        celery_tasks.tell(celery_tasks.take, "shop", **said)

    def placed(order):  # type: ignore[no-untyped-def]
        celery_tasks.tell(celery_tasks.reserve, "users", order_id=str(order.id), amount=order.amount)

    return sold if role == "shop" else placed


def work(do: Action, *, first: int, count: int, rate: float) -> dict[str, object]:
    """Do business in the lanes' threads, which keep their connections, and note when each was committed."""
    from bench.events.project import stamps

    began, lanes = time.monotonic_ns(), 1 if rate else LANES[connection.vendor]
    work_in = partial(lane, do, first=first, count=count, began=began, pause=int(1e9 / rate) if rate else 0)
    done = list(threads.map(lambda offset: work_in(offset=offset, step=lanes), range(lanes)))
    stamps.commits(stamp for stamped, _ in done for stamp in stamped)
    failures = [failure for _, failed in done for failure in failed]
    return {"began_ns": began, "failed": len(failures), "error": failures[-1] if failures else ""}


def lane(
    do: Action, *, first: int, count: int, began: int, pause: int, offset: int, step: int
) -> tuple[list[tuple[int, int, int]], list[str]]:
    """Do every ``step``-th piece of business; return the stamps of their commits, and what failed."""
    stamped: list[tuple[int, int, int]] = []
    failed: list[str] = []
    for index in range(offset, count, step):
        number, late = first + index, wait_until(began + index * pause) if pause else 0
        try:
            do(number, lambda number=number, late=late: stamped.append((number, late, time.monotonic_ns())))
        except Exception as problem:  # told: a benchmark that hides failures measures nothing
            failed.append(repr(problem))
    return stamped, failed


def wait_until(due_ns: int) -> int:
    """Sleep until then; return by how many nanoseconds it is past."""
    while (left := due_ns - time.monotonic_ns()) > 0:
        time.sleep(left / 1e9)
    return -left


if __name__ == "__main__":
    main()
