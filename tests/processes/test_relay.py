"""Two relays, one of them stopped in the middle of a batch; proves semantics, section 8, order and exactly once."""

import os
import signal

import pytest

from tests.processes.processes import Station

pytestmark = pytest.mark.timeout(300)
ROUNDS = 3


class TestTwoRelays:
    def test_one_of_them_stopped_amid_a_batch_reorder_and_double_nothing(self, station: Station) -> None:
        station.start_worker()
        station.start_relay("first")
        station.start_relay("second")
        station.pushes_again()

        for _ in range(ROUNDS):
            station.ring(20)
            at_work = self.stop_amid_a_batch(station)
            station.ring(40)
            station.hear_all()
            os.kill(at_work, signal.SIGCONT)
            station.ring(20)
            station.hear_all()
            station.pushes_again()

        assert station.disorder() == []
        positions = [position for (position,) in station.query("SELECT position FROM ficus_events_logentry")]
        assert sorted(positions) == list(range(1, station.rung + 1))
        assert station.query("SELECT count(*) FROM station_heard") == [(station.rung,)]
        if station.is_on_postgres:
            assert station.log().count("its database session is cut") == ROUNDS

    def stop_amid_a_batch(self, station: Station) -> int:
        """Return the process id of the relay at work, stopped between reading a batch and publishing it."""
        hold, holding = station.directory / "hold", station.directory / "holding"
        holding.unlink(missing_ok=True)
        hold.touch()
        station.ring(5)
        station.wait_for(holding.exists, "a relay is about to push")
        station.wait_for(lambda: holding.read_text() != "", "it says which")
        pid = int(holding.read_text())
        os.kill(pid, signal.SIGSTOP)
        hold.unlink()
        return pid
