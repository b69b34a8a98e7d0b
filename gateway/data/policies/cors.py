"""Optional policy: pages of other origins may ask, as the Fetch standard has it (section 3.3, "CORS protocol")."""

import re
from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Annotated

from msgspec import Meta, field

from gateway.data.alteration import varying
from gateway.data.message.at_once import AtOnce
from gateway.data.message.preflight import asked_method, said
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Field, Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.patterns import BadPattern, compiled
from gateway.data.routing.route import Route

_ORIGIN = re.compile(r"https?://(\*\.)?(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_SAFE_FIELDS = frozenset((b"accept", b"accept-language", b"content-language", b"content-type", b"range"))

Origin = Annotated[str, Meta(min_length=1, max_length=500)]
Token = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]


class Cors(Terms, frozen=True, dict=True):
    """Answer browsers' preflight requests here, and let pages of other origins read the answers."""

    origins: Annotated[
        list[Origin],
        Meta(
            min_length=1,
            description="Who may: an origin, *. for every name below one, ~ and a pattern for the whole origin, or *.",
            examples=[["https://shop.example.com", "https://*.example.com"]],
        ),
    ]
    methods: Annotated[
        list[Token], Meta(description="Empty means those of the route.", examples=[["GET", "POST"]])
    ] = []
    headers: Annotated[
        list[Token], Meta(description="Request fields that a page may set, beside the few that all may; * is any.")
    ] = field(default_factory=lambda: ["Authorization", "Content-Type", "Idempotency-Key"])
    exposed: Annotated[
        list[Token], Meta(description="Answer fields that a page may read, beside the few that all may; * is any.")
    ] = []
    credentials: Annotated[bool, Meta(description="Whether cookies may come along; never with *.")] = False
    max_age_seconds: Annotated[
        int, Meta(ge=0, le=86400, description="How long a browser remembers the answer to a preflight request.")
    ] = 600

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        for origin in self.origins:
            if fault := _fault(origin):
                yield fault
        for name, listed in {"origins": self.origins, "headers": self.headers, "exposed": self.exposed}.items():
            if self.credentials and "*" in listed:
                yield f"{name}: * does not go with credentials"
        for method in self.methods:
            if not route.serves(method.encode()):
                yield f"the route does not serve {method}"

    @cached_property
    def anybody(self) -> bool:
        return "*" in self.origins

    @cached_property
    def _exact(self) -> frozenset[bytes]:
        return frozenset(origin.encode() for origin in self.origins)

    @cached_property
    def _patterns(self) -> tuple[Callable[[bytes], object], ...]:
        wildcards = [_below(origin) for origin in self.origins if "://*." in origin and origin[0] != "~"]
        written = [origin[1:] for origin in self.origins if origin.startswith("~")]
        return tuple(compiled(pattern).fullmatch for pattern in (*wildcards, *written))

    @cached_property
    def _field_names(self) -> frozenset[bytes]:
        return _SAFE_FIELDS | {name.lower().encode() for name in self.headers}

    def allows(self, origin: bytes) -> bool:
        if self.anybody or origin in self._exact:
            return True
        return len(origin) <= 500 and any(fits(origin) for fits in self._patterns)

    def allows_fields(self, names: Iterable[bytes]) -> bool:
        return b"*" in self._field_names or self._field_names.issuperset(names)

    def granted(self, origin: bytes) -> list[Field]:
        """Return the fields that let a page of the origin read an answer."""
        fields = [(b"access-control-allow-origin", b"*" if self.anybody else origin)]
        if self.credentials:
            fields.append((b"access-control-allow-credentials", b"true"))
        return fields

    def alter(self, request: Request, status: int, fields: list[Field]) -> list[Field]:
        """Say who may read the answer; what the service says about that is taken out, since browsers take but one."""
        fields = [field for field in fields if not field[0].startswith(b"access-control-")]
        if not self.anybody:
            fields = varying(fields, b"Origin")
        origin = request.fields.get(b"origin")
        if origin is None or not self.allows(origin):
            return fields
        exposed = [(b"access-control-expose-headers", ", ".join(self.exposed).encode())] if self.exposed else []
        return [*fields, *self.granted(origin), *exposed]


def cors(request: Request, terms: Cors) -> None:
    """
    Have the answer say who may read it.

    :raises AtOnce: 204, the answer to a preflight request.
    :raises Refusal: 403, if what it asks for is not allowed.
    """
    method = asked_method(request)
    if method:
        raise _preflight_answer(request, terms, method)
    request.alterations = (*request.alterations, terms.alter)


def _preflight_answer(request: Request, terms: Cors, method: bytes) -> Refusal:
    origin = request.fields[b"origin"]
    methods = [each.encode() for each in terms.methods] or sorted(request.route.methods) or [method]
    names = {name.strip().lower() for name in said(request, b"access-control-request-headers").split(b",")} - {b""}
    vary = (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
    if not terms.allows(origin):
        return _refused("The origin may not ask here.", vary)
    if method not in methods:
        return _refused("The method may not be used from another origin.", vary)
    if not terms.allows_fields(names):
        return _refused("A header field may not be set from another origin.", vary)
    fields = [*terms.granted(origin), (b"access-control-allow-methods", b", ".join(methods))]
    if names:
        fields.append((b"access-control-allow-headers", b", ".join(sorted(names))))
    fields += [(b"access-control-max-age", b"%d" % terms.max_age_seconds), vary]
    return AtOnce(204, fields)


def _refused(detail: str, vary: Field) -> Refusal:
    return Refusal(403, "cross_origin", detail, headers=(vary,))


def _below(origin: str) -> str:
    """Return the pattern of all names below the one that an origin such as ``https://*.example.com`` has."""
    scheme, _, name = origin.partition("://*.")
    return f"{re.escape(scheme)}://(?:[a-z0-9_-]+\\.)+{re.escape(name)}"


def _fault(origin: str) -> str:
    if origin in ("*", "null"):
        return ""
    if not origin.startswith("~"):
        return "" if _ORIGIN.fullmatch(origin) else f"{origin} is no origin; a scheme and a host in lower case, no path"
    try:
        compiled(origin[1:])
    except BadPattern as error:
        return str(error)
    return ""
