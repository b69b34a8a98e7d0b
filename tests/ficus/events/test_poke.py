"""A poke wakes the relay, and an outage of Redis costs no more than a poke."""

import threading

import pytest

from ficus.events import poke
from ficus.events.relay import Relay
from ficus.testing.broker import MemoryBroker
from tests.ficus.events.redis_server import wait_until


@pytest.fixture
def listening(redis_server):
    """A relay that listens for pokes."""
    relay = Relay([], MemoryBroker())
    thread = threading.Thread(target=relay.listen)
    thread.start()
    wait_until(lambda: subscribers(redis_server) == 1)
    yield relay
    relay.stop()
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _own_publisher():
    poke._forget_the_thread()
    yield
    poke._forget_the_thread()


def subscribers(redis_server):
    return redis_server.client.pubsub_numsub(poke.channel())[0][1]


class TestPoke:
    def test_wakes_the_relay(self, listening):
        poke.poke()

        assert listening._wake.wait(30)

    def test_wakes_it_again_after_an_outage(self, listening, redis_server):
        redis_server.kill()
        poke.poke()
        redis_server.start()
        wait_until(lambda: subscribers(redis_server) == 1)

        def woken():
            poke.poke()
            return listening._wake.wait(0.1)

        wait_until(woken)

        assert listening._wake.is_set()
