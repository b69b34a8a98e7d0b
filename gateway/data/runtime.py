"""What all connections of one worker share. Made by the worker at its start; tests make their own."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ficus.discovery.follower import Follower
from gateway.data.access_log import AccessLog
from gateway.data.cache.cache import Cache
from gateway.data.certificates import Certificates
from gateway.data.limiting.limiter import Limiter
from gateway.data.limiting.occupancy import Occupancy
from gateway.data.message.peer import Network
from gateway.data.mirroring.mirrors import Mirrors
from gateway.data.routing.table import Table
from gateway.data.sessions import Sessions
from gateway.data.tally import Tally
from gateway.data.tokens import Tokens
from gateway.data.upstream.destinations import EVERYWHERE, Destinations
from gateway.data.upstream.found import Found, addresses
from gateway.data.upstream.renewal import renewed
from gateway.data.upstream.upstream import Upstream

if TYPE_CHECKING:
    from gateway.data.message.request import Request
    from gateway.data.protocol import ClientConnection

RECENT = 100
IN_FLIGHT = 1024


@dataclass(slots=True)
class Gateway:
    """
    A worker's knowledge.

    :ivar table: replaced as a whole when the table in the database changes, and the upstreams with it: ``use``.
    :ivar public_origin: scheme, host and port under which browsers know the gateway.
    :ivar session_cookie: name of the cookie that stands for a signed-in browser.
    :ivar trusted_hops: networks of proxies before us whose ``X-Forwarded-*`` and ``traceparent`` are believed.
    :ivar sampled_share: of traces begun here, from 0 to 1.
    :ivar access_log: None if no line is wanted.
    :ivar name: under which the gateway's own cookies are known.
    :ivar destinations: where instances may be.
    :ivar tally: what has been answered and not been published yet.
    :ivar limiter: how often each may ask.
    :ivar occupancy: how many requests of each are under way in this worker.
    :ivar recent: the last requests answered, on which the effect of a change is shown before it is made.
    :ivar trouble: why the newest table is not in force, or empty.
    :ivar certificates: with which TLS is spoken; None where it is not.
    :ivar connections: of clients, all that are open, and tunnels.
    :ivar draining: whether the worker is being stopped, so that each answer is its connection's last.
    :ivar in_flight: proxied requests that are under way.
    :ivar in_flight_limit: from which on further ones are refused; what the gateway answers itself is not counted.
    :ivar degraded: answers put together instead of errors, by route and kind, that have not been published yet.
    :ivar holds: how an operator holds breakers, and why, by service.
    :ivar found: the instances that the registry knows, by service; of those that are looked for there.
    :ivar followers: who watches the registry, by service.
    """

    table: Table
    upstreams: Mapping[str, Upstream]
    tokens: Tokens
    sessions: Sessions
    public_origin: bytes
    session_cookie: bytes
    trusted_hops: Sequence[Network] = field(default=())
    sampled_share: float = 1.0
    access_log: AccessLog | None = None
    name: str = "gateway"
    destinations: Destinations = EVERYWHERE
    mirrors: Mirrors = field(default_factory=Mirrors)
    tally: Tally = field(default_factory=Tally)
    cache: Cache = field(default_factory=Cache)
    limiter: Limiter = field(default_factory=Limiter)
    occupancy: Occupancy = field(default_factory=Occupancy)
    recent: "deque[Request]" = field(default_factory=partial(deque, maxlen=RECENT))
    trouble: str = ""
    certificates: Certificates | None = None
    connections: "set[ClientConnection]" = field(default_factory=set)
    draining: bool = False
    in_flight: int = 0
    in_flight_limit: int = IN_FLIGHT
    degraded: Counter[tuple[str, str]] = field(default_factory=Counter)
    holds: dict[str, tuple[str, str]] = field(default_factory=dict)
    found: Found = field(default_factory=dict)
    followers: dict[str, Follower] = field(default_factory=dict)

    def use(self, table: Table) -> None:
        """Put a table in force at once; requests under way end as they began."""
        self.table = table
        self._renew()
        self.trouble = ""

    def learn(self, found: Found) -> None:
        """Put in force where services are by the registry, in the same way."""
        self.found = found
        self._renew()

    def _renew(self) -> None:
        before, present = self.upstreams, addresses(self.table, self.found)
        self.upstreams = renewed(before, present, own_name=self.name, allowed=self.destinations, terms=self.table.terms)
        for name in self.holds.keys() & (self.upstreams.keys() - before.keys()):
            self.upstreams[name].guard.hold(*self.holds[name])


_current: Gateway | None = None


def install(gateway: Gateway) -> None:
    """Make ``gateway`` this process's own."""
    global _current
    _current = gateway


def current() -> Gateway:
    """:raises RuntimeError: in a process that serves no requests."""
    if _current is None:
        raise RuntimeError("no gateway runs in this process")
    return _current
