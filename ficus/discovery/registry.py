"""What every registry does, whatever keeps it; and which one an address means."""

from collections.abc import Iterator
from threading import Event
from typing import Protocol
from urllib.parse import urlsplit

from ficus.discovery.instance import Instance

TTL_SECONDS = 10.0
POLL_SECONDS = 1.0
ANSWER_SECONDS = 1.0
REDIS = ("redis", "rediss", "unix")


class RegistryAway(Exception):
    """The registry does not answer, or not with anything that makes sense. What was known stays known."""


class Registry(Protocol):
    """
    Keeps the instances of services. Its methods may be called from any thread, and block it for a second or so.

    :ivar ttl_seconds: how long a registration lasts unless it is made again.
    """

    ttl_seconds: float

    def register(self, instance: Instance) -> None:
        """
        Make the instance known for ``ttl_seconds``. Called again it renews that, and corrects what has changed.

        :raises RegistryAway: if nobody takes note.
        """

    def deregister(self, instance: Instance) -> None:
        """
        Make it unknown at once; it is no error if it is already.

        :raises RegistryAway: if nobody takes note.
        """

    def discover(self, service: str) -> tuple[Instance, ...]:
        """
        Return the instances there are, in order; none of a service that nobody knows.

        :raises RegistryAway: if nobody says.
        """

    def watch(self, service: str, stopped: Event) -> Iterator[tuple[Instance, ...]]:
        """
        Yield the instances at once, when they change, and every few seconds besides as a sign that somebody still
        answers; end soon after ``stopped`` is set.

        :raises RegistryAway: as soon as nobody says; watch again after a pause.
        """


class BadRegistry(ValueError):
    """The address is that of no registry."""


def fault(url: str) -> str:
    """Return what keeps the address from being a registry's, or nothing; loads no client of Redis for that."""
    if urlsplit(url).scheme in REDIS:
        return ""
    try:
        registry_at(url)
    except BadRegistry as error:
        return str(error)
    return ""


def registry_at(url: str, *, ttl_seconds: float = TTL_SECONDS) -> Registry:
    """
    Return the registry that an address means, without asking it anything.

    :raises BadRegistry: if it means none.
    """
    # Each is loaded only where it is used: a process speaks to one registry, and their clients are slow to import.
    match urlsplit(url).scheme:
        case "static":
            from ficus.discovery.static import StaticRegistry

            return StaticRegistry.read(url)
        case scheme if scheme in REDIS:
            from ficus.discovery.redis import RedisRegistry

            return RedisRegistry(url, ttl_seconds)
        case "consul":
            from ficus.discovery.consul import ConsulRegistry

            return ConsulRegistry.read(url, ttl_seconds)
        case "dns" | "dns+srv":
            from ficus.discovery.dns import DnsRegistry

            return DnsRegistry.read(url)
    raise BadRegistry(f"{urlsplit(url).scheme or 'nothing'}: is none of static:, redis:, consul:, dns:, dns+srv:")
