"""Optional policy: a share of the requests goes to a second service too, and the two answers are compared."""

from collections.abc import Collection, Iterable
from random import random
from typing import Annotated

from msgspec import Meta

from gateway.data.message.request import Request
from gateway.data.mirroring.copying import Copy
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route

LARGEST_COPY = 1024 * 1024  # bytes

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Mirror(Terms, frozen=True):
    """Send a share of the requests to another service as well, compare the answers, and count the differences."""

    to: Annotated[str, Meta(min_length=1, description="Name of the service that gets the copies.")]
    percent: Annotated[float, Meta(ge=0, le=100, description="Share of the requests.")] = 100.0
    unsafe: Annotated[
        bool, Meta(description="Copy POST, PUT, PATCH and DELETE too; the other service must be free to do them.")
    ] = False
    ignore_headers: Annotated[
        list[Name], Meta(description="Header fields that may differ, beside Date and the like.", examples=[["ETag"]])
    ] = []
    ignore_fields: Annotated[
        list[Name],
        Meta(
            description="Places in a JSON body that may differ, with all below them; * is any one name or number.",
            examples=[["id", "results.*.placed_at"]],
        ),
    ] = []
    body_limit: Annotated[
        int, Meta(ge=0, le=LARGEST_COPY, description="Bytes of a body that are kept to be sent again or compared.")
    ] = 65536

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if self.to not in services:
            yield f"no address of the service {self.to} is configured"
        if self.to == route.service and self.unsafe:
            yield f"{self.to} would do unsafe requests twice"


def mirror(request: Request, terms: Mirror) -> None:
    """Have the request watched, so that it is copied once the client has been answered."""
    if random() * 100 < terms.percent and (request.is_safe or terms.unsafe):  # noqa: S311 - a sample, not a secret
        request.watchers = (*request.watchers, Copy(terms))
