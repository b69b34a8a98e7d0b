"""Documents in Redis: the default, since a Redis is there for events already. Each change is published."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from ficus.configuration.store import ANSWER_SECONDS, POLL_SECONDS, StoreAway

_REPLACE = """
local present = redis.call('GET', KEYS[1])
if (ARGV[1] == 'none') ~= (present == false) or (present and present ~= ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[1], '')
return 1
"""


class RedisStore:
    def __init__(self, url: str) -> None:
        self._client = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def read(self, name: str) -> bytes | None:
        with _heard():
            found: Any = self._client.get(_key(name))
            return found  # type: ignore[no-any-return] # bytes, since nothing is decoded

    def replace(self, name: str, before: bytes | None, after: bytes) -> bool:
        state = "none" if before is None else "some"
        with _heard():
            return bool(self._client.eval(_REPLACE, 1, _key(name), state, before or b"", after))

    def watch(self, name: str, stopped: Event) -> Iterator[bytes | None]:
        channel: Any = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with _heard(), closing(channel):
            channel.subscribe(_key(name))
            while not stopped.is_set():
                yield self.read(name)
                channel.get_message(timeout=POLL_SECONDS)


@contextmanager
def _heard() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreAway(f"Redis: {error}") from error


def _key(name: str) -> str:
    return f"ficus.configuration.{name}"
