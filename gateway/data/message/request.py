"""The object every policy works on: one request, from the bytes the client sent to the terms on which it goes on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ficus.auth.principal import Principal
    from gateway.data.alteration import Alteration
    from gateway.data.cache.stand_in import StandIn
    from gateway.data.compression.compression import Compression
    from gateway.data.degrading import Fallback
    from gateway.data.message.peer import Peer
    from gateway.data.policies.websocket import Websocket
    from gateway.data.routing.route import Route
    from gateway.data.runtime import Gateway
    from gateway.data.upstream.upstream import Upstream
    from gateway.data.watcher import Watcher

Field = tuple[bytes, bytes]


class Request:
    """
    One request. Slots, since it is made for each and attribute access is most of what policies do.

    As read: ``method``, ``target``, ``minor`` (of HTTP/1), ``headers`` with lower-case names, ``length`` of the body
    (None: chunked), ``keep_alive``, ``arrived`` (monotonic seconds).
    Set by canonicalise: ``path``, ``query`` (with its ``?``, or empty), ``fields`` that the gateway reads by name,
    ``kept`` fields that go on as they are, ``id``, ``trace_id``, ``span_id``, ``trace_flags``, ``caller_trace``.
    Set by match: ``route``, and ``upstream`` if there is one. Set by rewrite: ``onward_path``, empty if it is ``path``.
    Set by authenticate: ``principal``, ``authorization`` (the value to pass on, or empty).
    Set by stream: ``idle_seconds`` of the answer, 0 for the usual. Set by websocket: the terms of the ``tunnel``.
    ``watchers`` are told of the request's body and its answer; they can change neither. ``alterations`` change the head
    of whatever answer there is, ``compression`` its body, and ``stand_in`` may know a better one; None where no policy
    wants it. ``endings`` are called when all is over, however it ended.
    ``fallbacks`` are tried in order when the service has failed (``gateway.data.degrading``).
    """

    __slots__ = (
        "alterations",
        "arrived",
        "authorization",
        "caller_trace",
        "compression",
        "endings",
        "fallbacks",
        "fields",
        "gateway",
        "headers",
        "id",
        "idle_seconds",
        "keep_alive",
        "kept",
        "length",
        "method",
        "minor",
        "onward_path",
        "path",
        "peer",
        "principal",
        "query",
        "route",
        "span_id",
        "stand_in",
        "target",
        "trace_flags",
        "trace_id",
        "tunnel",
        "upstream",
        "watchers",
    )

    gateway: "Gateway"
    peer: "Peer"

    def __init__(
        self, method: bytes, target: bytes, minor: int, headers: list[Field], length: int | None, keep_alive: bool
    ) -> None:
        self.method = method
        self.target = target
        self.minor = minor
        self.headers = headers
        self.length = length
        self.keep_alive = keep_alive
        self.arrived = 0.0
        self.path, mark, query = target.partition(b"?")
        self.query = mark + query
        self.route: Route = None  # type: ignore[assignment]  # what is recorded may have been refused before that
        self.upstream: Upstream = None  # type: ignore[assignment]  # likewise, or served by this process itself
        self.fields: dict[bytes, bytes] = {}
        self.kept: list[Field] = []
        self.id = self.trace_id = self.span_id = self.caller_trace = b""
        self.trace_flags = b"00"
        self.principal: Principal | None = None
        self.authorization = self.onward_path = b""
        self.watchers: tuple[Watcher, ...] = ()
        self.alterations: tuple[Alteration, ...] = ()
        self.compression: Compression | None = None
        self.stand_in: StandIn | None = None
        self.idle_seconds = 0
        self.tunnel: Websocket | None = None
        self.endings: tuple[Callable[[], object], ...] = ()
        self.fallbacks: tuple[Fallback, ...] = ()

    @property
    def has_body(self) -> bool:
        return self.length != 0

    @property
    def is_safe(self) -> bool:
        """Whether the method promises to change nothing (RFC 9110, section 9.2.1)."""
        return self.method in SAFE

    @property
    def wants_page(self) -> bool:
        """Whether a person's browser asks for a page to show, so that a redirect serves better than a problem."""
        return self.method in (b"GET", b"HEAD") and b"text/html" in self.fields.get(b"accept", b"")


SAFE = frozenset((b"GET", b"HEAD", b"OPTIONS"))
