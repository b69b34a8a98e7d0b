"""A registry that is a list: for a system whose addresses are written down, and for tests."""

from collections.abc import Iterable, Iterator
from threading import Condition, Event
from urllib.parse import parse_qsl, urlsplit

from ficus.discovery.instance import Instance, in_order
from ficus.discovery.registry import POLL_SECONDS, TTL_SECONDS, BadRegistry


class StaticRegistry:
    """Knows what it was given, and what is registered in this process; nothing expires."""

    def __init__(self, instances: Iterable[Instance] = ()) -> None:
        self.ttl_seconds = TTL_SECONDS
        self._known = {(each.service, each.address): each for each in instances}
        self._changed = Condition()

    @classmethod
    def read(cls, url: str) -> "StaticRegistry":
        """
        Return the registry of ``static:?orders=10.0.0.5:8000&orders=10.0.0.6:8000&users=...``.

        :raises BadRegistry: if an address has no port.
        """
        return cls(_instance(service, address) for service, address in parse_qsl(urlsplit(url).query))

    def register(self, instance: Instance) -> None:
        with self._changed:
            self._known[instance.service, instance.address] = instance
            self._changed.notify_all()

    def deregister(self, instance: Instance) -> None:
        with self._changed:
            self._known.pop((instance.service, instance.address), None)
            self._changed.notify_all()

    def discover(self, service: str) -> tuple[Instance, ...]:
        return in_order([each for each in list(self._known.values()) if each.service == service])

    def watch(self, service: str, stopped: Event) -> Iterator[tuple[Instance, ...]]:
        while not stopped.is_set():
            found = self.discover(service)
            yield found
            with self._changed:
                if self.discover(service) == found:
                    self._changed.wait(POLL_SECONDS)


def _instance(service: str, address: str) -> Instance:
    try:
        place = urlsplit(f"//{address}")
        host, port = place.hostname, place.port
    except ValueError as error:
        raise BadRegistry(f"{address}: {error}") from None
    if not host or not port:
        raise BadRegistry(f"{address} is no host:port")
    return Instance(service, host, port)
