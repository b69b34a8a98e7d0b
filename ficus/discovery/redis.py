"""
A registry in Redis: the default, since a Redis is there for events already.

Of each service a hash holds the instances by address, and a sorted set until when each is believed, on Redis' own
clock, so that the clocks of the instances do not matter. Each change is published; who watches looks once a second
besides.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from threading import Event
from typing import Any

import orjson
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from ficus.discovery.instance import Instance, in_order
from ficus.discovery.registry import ANSWER_SECONDS, POLL_SECONDS, TTL_SECONDS, RegistryAway

_NOW = "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000) "
_REGISTER = (
    _NOW
    + """
local changed = redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2]
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
if changed then redis.call('PUBLISH', KEYS[1], ARGV[1]) end
"""
)
_DEREGISTER = """
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then redis.call('PUBLISH', KEYS[1], ARGV[1]) end
"""
_DISCOVER = (
    _NOW
    + """
for _, address in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('ZREM', KEYS[2], address)
  redis.call('HDEL', KEYS[1], address)
end
return redis.call('HVALS', KEYS[1])
"""
)


class RedisRegistry:
    """A Redis that is emptied is filled again by the next renewals."""

    def __init__(self, url: str, ttl_seconds: float = TTL_SECONDS) -> None:
        self.ttl_seconds = ttl_seconds
        self._client = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def register(self, instance: Instance) -> None:
        ttl = int(self.ttl_seconds * 1000)
        self._run(_REGISTER, instance.service, instance.address, _written(instance), ttl)

    def deregister(self, instance: Instance) -> None:
        self._run(_DEREGISTER, instance.service, instance.address)

    def discover(self, service: str) -> tuple[Instance, ...]:
        found: Any = self._run(_DISCOVER, service)
        return in_order([_read(service, each) for each in found])

    def watch(self, service: str, stopped: Event) -> Iterator[tuple[Instance, ...]]:
        with _heard(), closing(self._channel()) as channel:
            channel.subscribe(_key(service))
            while not stopped.is_set():
                yield self.discover(service)
                channel.get_message(timeout=POLL_SECONDS)

    def _channel(self) -> Any:
        return self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]

    def _run(self, script: str, service: str, *arguments: str | bytes | int) -> object:
        with _heard():
            key = _key(service)
            return self._client.eval(script, 2, key, f"{key}.until", *arguments)


@contextmanager
def _heard() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise RegistryAway(f"Redis: {error}") from error


def _key(service: str) -> str:
    # In braces, so that a cluster keeps both keys of a service in one place.
    return f"ficus.discovery.{{{service}}}"


def _written(instance: Instance) -> bytes:
    return orjson.dumps(
        {
            "host": instance.host,
            "port": instance.port,
            "scheme": instance.scheme,
            "version": instance.version,
            "since": instance.since,
        }
    )


def _read(service: str, written: bytes) -> Instance:
    """:raises RegistryAway: if somebody else has written there what is no instance."""
    try:
        found = orjson.loads(written)
        since = datetime.fromisoformat(found["since"]) if found["since"] else None
        return Instance(service, found["host"], int(found["port"]), found["scheme"], found["version"], since)
    except (ValueError, LookupError, TypeError) as error:
        raise RegistryAway(f"Redis holds no instance of {service} but {written[:100]!r}: {error!r}") from None
