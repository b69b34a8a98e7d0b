"""Optional policy: text goes compressed to clients that can unpack it."""

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.data.compression.compression import Compression
from gateway.data.compression.negotiation import preferred
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route

EVENTS = "text/event-stream"
TEXTS = (
    "text/*",
    "application/json",
    "application/javascript",
    "application/xml",
    "application/wasm",
    "image/svg+xml",
    "*/*+json",
    "*/*+xml",
)

MediaType = Annotated[str, Meta(min_length=3, max_length=100, pattern=r"^[a-z0-9.+*-]+/[a-z0-9.+*-]+$")]


class Compress(Terms, frozen=True, dict=True):
    """Compress text on its way to clients that can unpack it."""

    least_bytes: Annotated[int, Meta(ge=0, le=1 << 30, description="Smaller bodies stay as they are.")] = 1024
    types: Annotated[
        list[MediaType],
        Meta(min_length=1, description="Media types; text/* is all of text, */*+json whatever ends so."),
    ] = field(default_factory=lambda: list(TEXTS))
    codings: Annotated[list[Literal["zstd", "gzip"]], Meta(min_length=1, description="In our order of preference.")] = (
        field(default_factory=lambda: ["zstd", "gzip"])
    )
    level: Annotated[int, Meta(ge=1, le=9, description="From 1, fast, to 9, small.")] = 3

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if EVENTS in self.types:
            yield f"{EVENTS} is never compressed"

    @cached_property
    def ours(self) -> tuple[bytes, ...]:
        return tuple(coding.encode() for coding in self.codings)

    @cached_property
    def _known(self) -> dict[bytes, bool]:
        return {EVENTS.encode(): False, b"": False}

    def is_for(self, media_type: bytes) -> bool:
        """:param media_type: in lower case, without parameters."""
        known = self._known
        if media_type not in known:
            if len(known) > 1000:
                known.clear()
                known.update({EVENTS.encode(): False, b"": False})
            known[media_type] = any(_covers(each, media_type.decode("latin-1")) for each in self.types)
        return known[media_type]


def compress(request: Request, terms: Compress) -> None:
    """Have the answer compressed if it is one of those meant and the client prefers that."""
    accepted = b", ".join(value for name, value in request.headers if name == b"accept-encoding")
    request.compression = Compression(terms, preferred(accepted, terms.ours))
    request.alterations = (*request.alterations, request.compression.alter)


def _covers(pattern: str, media_type: str) -> bool:
    kind, _, name = pattern.partition("/")
    found_kind, _, found_name = media_type.partition("/")
    return kind in ("*", found_kind) and (
        name in ("*", found_name) or (name.startswith("*+") and found_name.endswith(name[1:]))
    )
