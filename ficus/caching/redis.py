"""How Django's Redis cache speaks to Redis here: JSON instead of pickle, and soon given up on. Named in CACHES."""

from typing import Any

import orjson
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SECONDS = 0.1


class Json:
    """A serializer: whoever can write to Redis must not be able to have code of his run here, as pickle would."""

    def dumps(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def loads(self, data: bytes) -> Any:
        return orjson.loads(data)


class Pool(redis.ConnectionPool):
    """Connections that ask once and wait a tenth of a second at most: what is kept costs less than that to make."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options |= {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS, "retry": Retry(NoBackoff(), 0)}
        super().__init__(*arguments, **options)
