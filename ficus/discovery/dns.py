"""
A registry in DNS: whoever keeps the zone registers, in Kubernetes a headless service, with Consul its agent.

With A and AAAA records every address of a name is an instance, and the port is the same for all; SRV records
(RFC 2782) say the port as well. Neither says a version, or since when.
"""

from collections.abc import Iterator
from threading import Event
from urllib.parse import parse_qs, unquote, urlsplit

from dns.exception import DNSException
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, Answer, NoAnswer, Resolver

from ficus.discovery.instance import Instance, in_order
from ficus.discovery.registry import ANSWER_SECONDS, POLL_SECONDS, TTL_SECONDS, BadRegistry, RegistryAway

PLACE = "{service}"
LONGEST_SECONDS = 30.0


class DnsRegistry:
    """
    Asks for ``name`` with the service in place of ``{service}``; looks again when the records' TTL is over, between one
    second and thirty. Registering is not for it to do, and does nothing.
    """

    def __init__(self, name: str, *, port: int | None = None, server: tuple[str, int] | None = None) -> None:
        """
        :param port: where all instances listen; None to ask for SRV records, which say it.
        :param server: address and port of the server to ask; None for the system's.
        """
        self.ttl_seconds = TTL_SECONDS
        self._name, self._port = name, port
        self._resolver = Resolver(configure=server is None)
        if server is not None:
            self._resolver.nameservers, self._resolver.port = [server[0]], server[1]
        self._resolver.lifetime = ANSWER_SECONDS * 2
        self._resolver.timeout = ANSWER_SECONDS

    @classmethod
    def read(cls, url: str) -> "DnsRegistry":
        """
        Return the registry of ``dns:///{service}.shop.svc.cluster.local?port=8000``, or of
        ``dns+srv://127.0.0.1:8600/{service}.service.consul`` with the server that is to be asked.

        :raises BadRegistry: if a part is missing.
        """
        try:
            place = urlsplit(url)
            host, server_port = place.hostname, place.port or 53
            ports = [int(each) for each in parse_qs(place.query).get("port", [])]
        except ValueError as error:
            raise BadRegistry(f"{error}") from None
        name = unquote(place.path).strip("/")
        if PLACE not in name:
            raise BadRegistry(f"dns: wants a name with {PLACE} in it")
        if (place.scheme == "dns") != (len(ports) == 1):
            raise BadRegistry("dns: wants ?port= where instances listen, and dns+srv: wants none")
        return cls(name, port=ports[0] if ports else None, server=(host, server_port) if host else None)

    def register(self, instance: Instance) -> None:
        """Do nothing: whoever keeps the zone knows."""

    def deregister(self, instance: Instance) -> None:
        """Do nothing, likewise."""

    def discover(self, service: str) -> tuple[Instance, ...]:
        return self._look(service)[0]

    def watch(self, service: str, stopped: Event) -> Iterator[tuple[Instance, ...]]:
        while not stopped.is_set():
            found, seconds = self._look(service)
            yield found
            stopped.wait(min(max(seconds, POLL_SECONDS), LONGEST_SECONDS))

    def _look(self, service: str) -> tuple[tuple[Instance, ...], float]:
        """Return the instances and for how many seconds that is good."""
        name = self._name.replace(PLACE, service)
        if self._port is not None:
            hosts, seconds = self._addresses(name)
            places = [(host, self._port) for host in hosts]
        else:
            places, seconds = self._services(name)
        return in_order([Instance(service, host, port) for host, port in dict.fromkeys(places)]), seconds

    def _services(self, name: str) -> tuple[list[tuple[str, int]], float]:
        answer = self._resolve(name, RdataType.SRV)
        if answer is None:
            return [], POLL_SECONDS
        places, seconds = [], float(_ttl(answer))
        for record in answer:
            hosts, good_for = self._addresses(record.target.to_text())
            places += [(host, int(record.port)) for host in hosts]
            seconds = min(seconds, good_for)
        return places, seconds

    def _addresses(self, name: str) -> tuple[list[str], float]:
        answers = [self._resolve(name, kind) for kind in (RdataType.A, RdataType.AAAA)]
        found = [answer for answer in answers if answer is not None]
        hosts = [str(record.address) for answer in found for record in answer]
        return hosts, min((_ttl(answer) for answer in found), default=POLL_SECONDS)

    def _resolve(self, name: str, kind: RdataType) -> Answer | None:
        """Return the answer, or None if there is no such name or no such record."""
        try:
            return self._resolver.resolve(name, kind, search=False)
        except (NXDOMAIN, NoAnswer):
            return None
        except (DNSException, OSError) as error:
            raise RegistryAway(f"DNS: {error}") from error


def _ttl(answer: Answer) -> float:
    return float(answer.rrset.ttl) if answer.rrset is not None else POLL_SECONDS
