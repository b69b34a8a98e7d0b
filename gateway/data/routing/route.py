"""One line of the route table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gateway.data.deadline import seconds_allowed
from gateway.data.routing.conditions import Condition
from gateway.data.routing.patterns import compiled

if TYPE_CHECKING:
    from gateway.data.message.request import Request

Step = Callable[["Request"], Awaitable[None] | None]


class Access(StrEnum):
    """
    What a route asks of a caller.

    PUBLIC      nothing; tokens and sessions are not looked at, so that an expired one can be traded for a new one
    OPTIONAL    nothing, but a token that is presented must hold, and a browser's session is used
    SIGNED_IN   a token that holds, or a session
    """

    PUBLIC = "public"
    OPTIONAL = "optional"
    SIGNED_IN = "signed in"


@dataclass(frozen=True, slots=True)
class Route:
    """
    Who serves the paths at and below ``path``, and on what terms.

    :ivar service: name of an upstream, or empty for this process's own Django.
    :ivar path: canonical, without a trailing slash; the root is empty.
    :ivar is_prefix: whether paths below ``path`` are meant too.
    :ivar methods: those served; empty means all.
    :ivar timeout_seconds: for one try, from the whole request sent to the answer's head.
    :ivar waits: whether ``Prefer: wait=N`` (RFC 7240) adds N seconds to the time allowed.
    :ivar body_limit: bytes.
    :ivar pattern: that what follows ``path`` must match as a whole; empty means that it is no matter.
    :ivar hosts: in lower case without a port; ``*.`` stands for one or more labels; empty means all.
    :ivar priority: a route with a higher one goes before all with a lower one.
    :ivar policies: the terms of those policies that the route asks for, by kind.
    :ivar steps: what is done to a request once the route is found; the table sets it from the policies.
    :ivar is_conditional: whether a request for the path and method may still not be meant.
    :ivar seconds_allowed: for a whole request that says nothing about its time.
    """

    name: str
    service: str
    path: bytes
    is_prefix: bool = True
    methods: frozenset[bytes] = frozenset()
    access: Access = Access.SIGNED_IN
    timeout_seconds: float = 2.0
    waits: bool = False
    body_limit: int = 10 * 1024 * 1024
    pattern: str = ""
    hosts: tuple[bytes, ...] = ()
    conditions: tuple[Condition, ...] = ()
    priority: int = 0
    policies: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    is_conditional: bool = field(init=False)
    seconds_allowed: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_conditional", bool(self.pattern or self.conditions))
        object.__setattr__(self, "seconds_allowed", seconds_allowed(self.timeout_seconds))

    def serves(self, method: bytes) -> bool:
        return not self.methods or method in self.methods

    def covers(self, path: bytes) -> bool:
        """Say whether the route's literal path is that of ``path``, which has no trailing slash, or above it."""
        return path == self.path or (self.is_prefix and path.startswith(self.path + b"/"))

    def fits(self, request: "Request", path: bytes) -> bool:
        """Say whether pattern and conditions hold, of a path that the route covers."""
        if self.pattern and not compiled(self.pattern).fullmatch(path[len(self.path) :]):
            return False
        return all(condition.holds(request) for condition in self.conditions)
