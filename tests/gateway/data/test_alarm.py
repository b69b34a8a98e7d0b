import asyncio
from time import monotonic

from gateway.data.alarm import Alarm

PATIENCE_SECONDS = 30


async def rung(*dues: float, cleared: bool = False) -> list[float]:
    """Return which of the times in seconds from now was rung at, each set in place of the one before."""
    loop = asyncio.get_running_loop()
    alarm, marker, heard = Alarm(loop), Alarm(loop), asyncio.Queue[float]()
    began = monotonic()
    for due in dues:
        alarm.set(began + due, lambda due=due: heard.put_nowait(due))
    if cleared:
        alarm.clear()
    marker.set(began + max(dues) + 0.05, lambda: heard.put_nowait(0.0))
    found = []
    while (due := await asyncio.wait_for(heard.get(), PATIENCE_SECONDS)) != 0.0:
        assert monotonic() >= began + due
        found.append(due)
    assert not alarm.is_set
    return found


class TestAlarm:
    def test_rings_once_and_never_too_early(self) -> None:
        assert asyncio.run(rung(0.05)) == [0.05]

    def test_rings_at_a_later_time_that_was_set_instead(self) -> None:
        assert asyncio.run(rung(0.01, 0.08)) == [0.08]

    def test_rings_at_an_earlier_time_that_was_set_instead(self) -> None:
        assert asyncio.run(rung(0.08, 0.01)) == [0.01]

    def test_rings_for_what_is_due_already(self) -> None:
        assert asyncio.run(rung(-1.0)) == [-1.0]

    def test_does_not_ring_when_it_was_cleared(self) -> None:
        assert asyncio.run(rung(0.01, cleared=True)) == []

    def test_can_be_set_again_by_whom_it_calls(self) -> None:
        heard: list[str] = []

        async def two_calls() -> None:
            alarm, over = Alarm(asyncio.get_running_loop()), asyncio.Event()

            def first() -> None:
                heard.append("first")
                alarm.set(monotonic() + 0.01, second)

            def second() -> None:
                heard.append("second")
                over.set()

            alarm.set(monotonic() + 0.01, first)
            await asyncio.wait_for(over.wait(), PATIENCE_SECONDS)

        asyncio.run(two_calls())

        assert heard == ["first", "second"]
