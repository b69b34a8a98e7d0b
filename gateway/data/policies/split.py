"""Optional policy: several services take shares of a route's requests, such as a new version a tenth of them."""

from collections.abc import Collection, Iterable
from random import choices
from typing import Annotated

from msgspec import Meta

from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Route

Weight = Annotated[int, Meta(ge=0, le=1000)]


class Split(Terms, frozen=True):
    """Share the requests out among several services, each drawn at random by weight."""

    weights: Annotated[
        dict[str, Weight],
        Meta(
            min_length=1,
            description="Weight by name of a service, the route's own among them unless it is to get none.",
            examples=[{"orders": 90, "orders-next": 10}],
        ),
    ]

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        for name in self.weights:
            if name not in services:
                yield f"no address of the service {name} is configured"
        if not any(self.weights.values()):
            yield "all weights are 0"


def split(request: Request, terms: Split) -> None:
    """Set the upstream to one drawn by weight."""
    names = list(terms.weights)
    [name] = choices(names, weights=list(terms.weights.values()))  # noqa: S311 - balance, not secrecy
    request.upstream = request.gateway.upstreams[name]
