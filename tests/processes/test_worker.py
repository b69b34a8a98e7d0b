"""A worker goes on after any outage, or is ended and started anew; proves architecture, section 4, Celery facts."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import redis

from tests.processes.processes import Station

pytestmark = pytest.mark.timeout(300)

soon = pytest.mark.parametrize(
    "station", [{"STATION_DEAF_AFTER_SECONDS": "3", "STATION_HANDLER_SECONDS": "5"}], indirect=True, ids=["soon"]
)


class TestOutage:
    def test_under_a_full_prefetch_is_survived_and_pushes_are_applied_again(self, station: Station) -> None:
        station.start_relay()
        station.start_worker()
        station.pushes_again()

        for away_seconds in (0.2, 4, 0.5):
            self.fill_prefetch(station)
            station.redis.kill()
            time.sleep(away_seconds)
            station.redis.start()
            station.ring(20)
            station.hear_all()
            station.pushes_again()

        assert station.disorder() == []

    def test_of_a_redis_that_keeps_its_connections_and_is_silent_is_survived(self, station: Station) -> None:
        station.start_relay()
        station.start_worker()
        station.pushes_again()

        self.fill_prefetch(station)
        station.redis.freeze()
        station.ring(20)
        time.sleep(4)
        station.hear_all()
        station.redis.thaw()

        station.pushes_again()
        assert station.disorder() == []

    def fill_prefetch(self, station: Station) -> None:
        """Have one batch running, one taken beforehand if Celery does, and one waiting."""
        for _ in range(3):
            station.ring(1, seconds=0.7)
            time.sleep(0.1)


class TestDeafWorker:
    @soon
    def test_is_noticed_and_a_new_one_takes_what_waits(self, station: Station) -> None:
        station.start_relay()
        station.start_worker()
        station.pushes_again()
        deaf = station.processes.pid("worker")
        (station.directory / "deaf").write_text(str(deaf))

        station.ring(1)
        station.wait_for(lambda: "worker exited with 70" in station.log(), "the deaf worker is ended")

        assert "it takes nothing, although 1 wait in " in station.log()
        station.pushes_again()
        assert station.processes.pid("worker") != deaf

    @soon
    def test_is_one_too_whose_batches_somebody_else_takes(self, station: Station) -> None:
        station.start_relay()
        station.start_worker()
        station.pushes_again()

        with taken_by_others(station):
            station.wait_for(lambda: station.ring(1) or "worker exited with 70" in station.log(), "the worker is ended")

        assert "station at station/0 is moved by pull alone" in station.log(), station.log()
        station.pushes_again()
        assert station.disorder() == []


@contextmanager
def taken_by_others(station: Station) -> Iterator[None]:
    """Have strangers take what is pushed: they ask Redis before the worker does, and it serves whoever asked first."""
    pool = redis.ConnectionPool.from_url(station.redis.url, connection_class=redis.UnixDomainSocketConnection)
    strangers = [pool.get_connection() for _ in range(20)]
    ended = threading.Event()

    def take(stranger: redis.Connection) -> None:
        while not ended.is_set():
            stranger.send_command("BRPOP", "events.station", "tasks.none", 20)
            with suppress(redis.RedisError):
                stranger.read_response(timeout=25)

    threads = [threading.Thread(target=take, args=(stranger,), daemon=True) for stranger in strangers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        station.redis.client.lpush("tasks.none", *range(len(strangers)))
        for thread in threads:
            thread.join()
        pool.disconnect()


@soon
class TestHandlerThatTakesForEver:
    def test_is_interrupted_and_its_event_parked_while_others_go_on(self, station: Station) -> None:
        station.start_relay()
        station.start_worker()
        station.pushes_again()

        station.ring(1, seconds=-1)
        station.rung -= 1
        station.ring(10, new_bells=True)
        station.hear_all()

        parked = station.query("SELECT reason, attempts, retry_at FROM ficus_events_parkedevent WHERE attempts > 0")
        assert [(reason.split(":")[0], *others) for reason, *others in parked] == [("TookTooLong", 1, None)]
        assert "it is interrupted here" in station.log()
        station.pushes_again()


class TestStall:
    def test_after_a_lost_push_heals_and_pushes_are_applied_again(self, station: Station) -> None:
        station.start_relay()
        station.ring(3)
        station.wait_for(lambda: station.redis.client.llen("events.station"), "the first batch is pushed")
        station.processes.kill("relay")
        station.redis.client.flushall()
        station.ring(3)

        station.start_worker()
        station.pushes_again()

        assert station.heard() == station.rung
        assert station.disorder() == []
