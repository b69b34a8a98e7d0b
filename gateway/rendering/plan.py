"""What an engine is told, and what is said about what it cannot keep."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.data.routing.route import Route
from gateway.data.upstream.address import Address
from gateway.data.upstream.terms import DEFAULT_TERMS, ServiceTerms
from gateway.data.upstream.tls import Tls

SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"  # of Debian, and of most others


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The table in force and what settings add to it.

    :ivar routes: the active ones.
    :ivar port: that the engine listens on.
    :ivar trusted_hops: networks of proxies in front, whose ``X-Forwarded-*`` are believed.
    :ivar keys_url: where the issuer's keys are.
    """

    routes: tuple[Route, ...]
    services: Mapping[str, tuple[Address, ...]]
    terms: Mapping[str, ServiceTerms] = field(default_factory=dict)
    version: int = 0
    port: int = 8080
    trusted_hops: tuple[str, ...] = ()
    issuer: str = ""
    audience: str = ""
    keys_url: str = ""

    def named(self) -> list[str]:
        """Return the services that a request can go to, in order."""
        found = {route.service for route in self.routes}
        found |= {name for route in self.routes for name in split_of(route)}
        return sorted(found)

    def tls_of(self, service: str) -> Tls | None:
        """Return by which TLS the service is asked; None if it is asked without."""
        if not any(address.is_secure for address in self.services.get(service, ())):
            return None
        return self.terms.get(service, DEFAULT_TERMS).tls or Tls()


def names_of(tls: Tls, addresses: Iterable[Address]) -> list[str]:
    """Return for which hosts the certificates of the instances have to be, each once."""
    return [tls.server_name] if tls.server_name else list(dict.fromkeys(each.host for each in addresses))


@dataclass(frozen=True, slots=True)
class Loss:
    """
    Something that a route states and the engine does not keep.

    :ivar route: its name, or empty for what concerns all of them.
    """

    route: str
    what: str

    def __str__(self) -> str:
        return f"{self.route or 'all routes'}: {self.what}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A configuration, with what it does not keep."""

    text: str
    losses: tuple[Loss, ...]


def split_of(route: Route) -> Mapping[str, int]:
    """Return the weights of a route's split among services; empty if it has none."""
    terms = route.policies.get("split")
    return {name: weight for name, weight in terms.weights.items() if weight} if terms is not None else {}


def unknown_policies(route: Route, known: Collection[str]) -> Iterable[Loss]:
    """Yield a loss for each policy that the engine knows nothing of."""
    for kind in route.policies:
        if kind not in known:
            yield Loss(route.name, f"the policy {kind} is not done")


def heading(engine: str, plan: Plan, losses: Iterable[Loss]) -> str:
    """Return the comment that a configuration begins with."""
    lines = [
        f"The gateway's route table, version {plan.version}, for {engine}. Made by ./manage.py gateway table render;",
        "change the table instead. docs/behaviours.md says what this engine does otherwise, whatever a table says.",
        "",
    ]
    lost = [f"Not kept. {loss}" for loss in losses]
    lines += lost or ["All that the routes state is kept."]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines) + "\n"
