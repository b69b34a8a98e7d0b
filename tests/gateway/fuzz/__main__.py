"""``make fuzz``: a real gateway under a storm of changed requests, its memory measured before and after."""

import argparse
import asyncio
import hashlib
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from tests.gateway.fuzz.echo import EchoService
from tests.gateway.fuzz.mutations import CORPUS, Mutations
from tests.gateway.fuzz.storm import ENVIRONMENT, Storm, crashes
from tests.gateway.wire.conftest import Door, running_door
from tests.gateway.wire.service import FakeService
from tests.gateway.wire.test_streaming import MEGABYTE, memory_of

AT_ONCE = 32
WARM_UP = 20_000  # requests after which memory is what it is when idle
MAY_GROW = 20 * MEGABYTE
SHOWN = 20


async def run(count: int, seed: int) -> int:
    mutations = Mutations(seed)
    with tempfile.TemporaryDirectory() as state, FakeService() as users:
        async with EchoService() as orders:
            starting = running_door(Path(state), users, orders, **ENVIRONMENT)  # type: ignore[arg-type]  # all it asks: url
            door = await asyncio.to_thread(starting.__enter__)
            try:
                return await _judged(Storm(door.port, mutations), door, orders, count)
            finally:
                await asyncio.to_thread(starting.__exit__, None, None, None)


async def _judged(storm: Storm, door: Door, orders: EchoService, count: int) -> int:
    report = storm.report
    began = time.monotonic()
    worker = door.worker
    warm_up = min(WARM_UP, count // 10)
    await storm.rage(0, warm_up, AT_ONCE)
    await asyncio.sleep(1)
    before = memory_of(worker)
    for first in range(warm_up, count, 50_000):
        await storm.rage(first, min(50_000, count - first), AT_ONCE)
        print(
            f"{report.sent:,} sent, {report.sentinels:,} sentinels, {len(report.failures)} failures, "
            f"{memory_of(worker) / MEGABYTE:.1f} MB, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    await asyncio.sleep(1)
    grown = memory_of(worker) - before
    failures = [*report.failures, *orders.faults]
    if door.worker != worker:
        failures.append("the worker was replaced")
    failures += crashes(door.log)
    if grown >= MAY_GROW:
        failures.append(f"memory grew by {grown / MEGABYTE:.1f} MB")
    print(*failures[:SHOWN], sep="\n")
    _keep(storm)
    print(
        f"seed {storm.mutations.seed}: {report.sent:,} requests over {report.connections:,} connections in "
        f"{time.monotonic() - began:.0f} s; {report.sentinels:,} sentinels answered, {orders.asked:,} requests reached "
        f"the service; statuses {dict(sorted(report.statuses.items()))}; memory {before / MEGABYTE:.1f} MB, "
        f"{grown / MEGABYTE:+.1f} MB; {len(failures)} failures"
    )
    return bool(failures)


def _keep(storm: Storm) -> None:
    """Put what failed into the corpus, so that it is tried for ever."""
    for number in storm.failed[:SHOWN]:
        data = storm.mutations[number]
        (CORPUS / f"found-{hashlib.sha256(data).hexdigest()[:12]}.http").write_bytes(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make fuzz", description="Send changed requests to a gateway of its own.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(run(chosen.count, chosen.seed)))
