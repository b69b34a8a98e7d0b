"""A short storm of changed requests, the same each time; `make fuzz` sends a million. Proves semantics, section 10."""

import asyncio
from pathlib import Path

import uvloop

from tests.gateway.fuzz.echo import EchoService
from tests.gateway.fuzz.mutations import Mutations
from tests.gateway.fuzz.readings import by_gateway, disagreements
from tests.gateway.fuzz.storm import ENVIRONMENT, Report, Storm, crashes
from tests.gateway.wire.conftest import running_door
from tests.gateway.wire.service import FakeService

DIFFERENTIAL = 8_000
SENT = 3_000


class TestWhatGoesThrough:
    def test_is_read_the_same_by_llhttp_and_gunicorn(self) -> None:
        """Whatever either refuses and we pass on is our mistake."""
        mutations = Mutations(seed=7)
        readings = [by_gateway(data) for data in mutations.sources]
        readings += [by_gateway(mutations[number]) for number in range(DIFFERENTIAL)]

        assert [each for reading in readings for each in disagreements(reading)] == []
        assert sum(bool(reading.cuts) for reading in readings) > DIFFERENTIAL / 5


class TestStorm:
    def test_brings_no_500_no_answer_out_of_turn_and_no_crash(self, tmp_path: Path, users: FakeService) -> None:
        async def storm() -> tuple[Report, list[str]]:
            async with EchoService() as orders:
                starting = running_door(tmp_path, users, orders, **ENVIRONMENT)  # type: ignore[arg-type]
                door = await asyncio.to_thread(starting.__enter__)
                try:
                    storm = Storm(door.port, Mutations(seed=7), differs=False)
                    await storm.rage(0, SENT, at_once=16)
                    return storm.report, [*orders.faults, *crashes(door.log)]
                finally:
                    await asyncio.to_thread(starting.__exit__, None, None, None)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report, faults = runner.run(storm())

        assert report.failures == []
        assert faults == []
        assert report.sent == SENT
        assert report.sentinels > SENT / 10
