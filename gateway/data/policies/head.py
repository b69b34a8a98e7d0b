"""Optional policy: a head that is smaller than what the gateway takes anyway."""

from collections.abc import Collection, Iterable
from typing import Annotated

from msgspec import Meta

from gateway.data.message.reader import FIELD_LIMIT, HEAD_LIMIT, TARGET_LIMIT
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route


class Head(Terms, frozen=True):
    """Take smaller heads than elsewhere."""

    size: Annotated[
        int, Meta(ge=64, le=HEAD_LIMIT, description="Bytes of all header fields together, names and values.")
    ] = HEAD_LIMIT
    fields: Annotated[int, Meta(ge=1, le=FIELD_LIMIT, description="Header fields, at most.")] = FIELD_LIMIT
    target: Annotated[int, Meta(ge=1, le=TARGET_LIMIT, description="Bytes of path and query, at most.")] = TARGET_LIMIT

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if self == Head():
            yield "say size, fields or target"


def head(request: Request, terms: Head) -> None:
    """:raises Refusal: 414 if the target is too long; 431 (RFC 6585, section 5) if the fields are too many or large."""
    if len(request.target) > terms.target:
        raise Refusal(414, "target_too_long", f"An address has at most {terms.target} bytes here.")
    headers = request.headers
    if len(headers) > terms.fields:
        raise Refusal(431, "head_too_large", f"A request has at most {terms.fields} header fields here.")
    if sum([len(name) + len(value) for name, value in headers]) > terms.size:
        raise Refusal(431, "head_too_large", f"All header fields together have at most {terms.size} bytes here.")
