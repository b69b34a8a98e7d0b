"""Upstreams for a new table: what stays keeps its connections, what goes answers what it was asked."""

from collections.abc import Mapping

from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import Destinations
from gateway.data.upstream.terms import DEFAULT_TERMS, ServiceTerms
from gateway.data.upstream.upstream import Upstream


def renewed(
    present: Mapping[str, Upstream],
    services: Mapping[str, tuple[Address, ...]],
    *,
    own_name: str,
    allowed: Destinations,
    terms: Mapping[str, ServiceTerms] | None = None,
) -> dict[str, Upstream]:
    """
    Return the upstreams of ``services``; the same ones where nothing changed.

    What is known of a service and its instances goes on: breaker, budget, places, health.

    :param own_name: whose cookies no service sees; each service sees its own and nobody else's.
    """
    hidden = {name: _cookies_of_others(name, (own_name, *services)) for name in services}
    upstreams = {}
    for name, addresses in services.items():
        before = present.get(name)
        wanted = (terms or {}).get(name, DEFAULT_TERMS)
        if before is not None and _is_as_before(before, addresses, hidden[name], wanted):
            upstreams[name] = before
            continue
        known = {instance.url: instance for instance in before.instances} if before is not None else {}
        guard = before.guard if before is not None else None
        security = before.security if before is not None and before.terms.tls == wanted.tls else None
        upstreams[name] = Upstream(
            name, addresses, hidden[name], allowed=allowed, known=known, terms=wanted, guard=guard, security=security
        )
    kept = {instance for upstream in upstreams.values() for instance in upstream.instances}
    for upstream in present.values():
        for instance in upstream.instances:
            if instance not in kept:
                instance.retire()
    return upstreams


def _is_as_before(
    before: Upstream, addresses: tuple[Address, ...], hidden: frozenset[bytes], terms: ServiceTerms
) -> bool:
    return before.addresses == addresses and before.hidden_cookies == hidden and before.terms == terms


def _cookies_of_others(name: str, everybody: tuple[str, ...]) -> frozenset[bytes]:
    others = (other for other in everybody if other != name)
    return frozenset(cookie.encode() for other in others for cookie in (f"{other}_session", f"{other}_csrf"))
