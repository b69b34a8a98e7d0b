"""What ``/readyz`` looks at. A check that is critical makes the process unready; the others only warn."""

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from health_check.base import HealthCheck
from health_check.checks import Database
from health_check.exceptions import ServiceUnavailable, ServiceWarning

from ficus import service
from ficus.configuration import following
from ficus.events import options as events
from ficus.rpc import options as rpc

CHECK_SECONDS = 1.0


@dataclass
class Redis(HealthCheck):  # type: ignore[misc]
    """Warn when Redis does not answer: events then travel by the slower path and nothing is lost."""

    url: str = field(repr=False)
    timeout = timedelta(seconds=CHECK_SECONDS)

    def run(self) -> None:
        import redis

        client = redis.Redis.from_url(self.url, socket_timeout=CHECK_SECONDS, socket_connect_timeout=CHECK_SECONDS)
        try:
            client.ping()
        except (redis.RedisError, OSError) as error:
            raise ServiceWarning(f"no answer: {type(error).__name__}") from error
        finally:
            client.close()


@dataclass
class Peer(HealthCheck):  # type: ignore[misc]
    """Warn when another service's gRPC port takes no connection."""

    name: str
    address: str = field(repr=False)
    timeout = timedelta(seconds=CHECK_SECONDS)

    def run(self) -> None:
        import socket

        where = urlsplit(f"//{self.address}")
        try:
            socket.create_connection((where.hostname or "", where.port or 0), timeout=CHECK_SECONDS).close()
        except OSError as error:
            raise ServiceWarning(f"no answer: {type(error).__name__}") from error


@dataclass
class Configuration(HealthCheck):  # type: ignore[misc]
    """Warn when this process goes by the last good configuration; ``doctor`` and the admin say why, not everybody."""

    def run(self) -> None:
        if following.trouble():
            raise ServiceWarning("the last good version is in force, and may not be the newest")


def critical() -> dict[str, HealthCheck]:
    """Return the checks without which this process cannot work, by name."""
    return {"database": _OwnDatabase()}


def advisory() -> dict[str, HealthCheck]:
    """Return the checks that only warn, by name."""
    peers = {
        f"rpc:{name}": Peer(name, address)
        for name, address in rpc.upstreams().items()
        if address != "local" and name != service.name()
    }
    return {"redis": Redis(events.redis_url()), "configuration": Configuration(), **peers}


@dataclass
class _OwnDatabase(Database):  # type: ignore[misc]
    timeout = timedelta(seconds=2)

    def run(self) -> None:
        try:
            super().run()
        except ServiceUnavailable:
            raise
        except Exception as error:
            raise ServiceUnavailable(type(error).__name__) from error
