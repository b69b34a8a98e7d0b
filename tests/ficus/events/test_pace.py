import pytest

from ficus.events.pace import LONGEST_SECONDS, SHORTEST_SECONDS, Pace


def lingers(rate, *, seconds=10.0, steps_a_second=40):
    """Return for how long the relay lingers in the end, with events coming evenly at that rate."""
    pace = Pace(1000, at=7.0)
    for step in range(1, round(seconds * steps_a_second) + 1):
        passed = step / steps_a_second
        lingered = pace.linger_seconds(1000 + int(rate * passed), at=7.0 + passed)
    return lingered


class TestPace:
    @pytest.mark.parametrize(
        ("rate", "seconds"),
        [(0, 0.010), (10, 0.010), (45, 0.010), (100, 0.020), (200, 0.040), (250, 0.050), (5000, 0.050)],
    )
    def test_lingers_the_longer_the_more_comes(self, rate, seconds):
        assert lingers(rate) == pytest.approx(seconds, rel=0.1)

    def test_forgets_a_burst(self):
        pace = Pace(0, at=0.0)
        pace.linger_seconds(500, at=0.5)

        assert pace.linger_seconds(500, at=3.0) == SHORTEST_SECONDS

    def test_takes_no_single_event_for_a_burst(self):
        pace = Pace(0, at=0.0)

        assert pace.linger_seconds(1, at=0.001) == SHORTEST_SECONDS

    def test_bears_a_clock_that_stands(self):
        pace = Pace(0, at=0.0)

        assert SHORTEST_SECONDS <= pace.linger_seconds(9, at=0.0) <= LONGEST_SECONDS
