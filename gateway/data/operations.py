"""What an operator does to upstreams while they run, and what he is shown of them. Each worker has its own state."""

from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import Any

from ficus.discovery.instance import Instance as Found
from gateway.data.runtime import Gateway
from gateway.data.upstream.found import NOBODY, located
from gateway.data.upstream.instance import Instance
from gateway.data.upstream.upstream import Upstream


class Action(StrEnum):
    """
    FORCE_OPEN   the breaker refuses every request until told otherwise
    FORCE_CLOSE  it refuses none, whatever fails
    RESET        it works by itself again, from closed; ejections and failed checks are forgotten
    """

    FORCE_OPEN = "force open"
    FORCE_CLOSE = "force close"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Order:
    """:ivar number: grows with each order."""

    number: int
    service: str
    action: Action
    reason: str


def obey(gateway: Gateway, order: Order) -> None:
    """Do what is ordered; a hold lasts, also for a service that is not known yet."""
    if order.action is Action.RESET:
        gateway.holds.pop(order.service, None)
    else:
        gateway.holds[order.service] = ("open" if order.action is Action.FORCE_OPEN else "closed", order.reason)
    upstream = gateway.upstreams.get(order.service)
    if upstream is None:
        return
    if order.action is Action.RESET:
        reset(upstream, order.reason)
    else:
        upstream.guard.hold(*gateway.holds[order.service])


def reset(upstream: Upstream, reason: str) -> None:
    upstream.guard.hold("", reason)
    for instance in upstream.instances:
        instance.failures = 0
        instance.standing.clear()
    upstream.settle_choices()


def report(gateway: Gateway) -> dict[str, Any]:
    """Return the state of this worker's upstreams as JSON has it."""
    now = monotonic()
    return {
        "in_flight": gateway.in_flight,
        "in_flight_limit": gateway.in_flight_limit,
        "shed": sum(upstream.guard.shed for upstream in gateway.upstreams.values()),
        "upstreams": {
            name: {
                **_upstream(upstream, now),
                "registry": _registry(gateway, name),
                "instances": _instances(gateway, upstream, now),
            }
            for name, upstream in gateway.upstreams.items()
        },
    }


def _upstream(upstream: Upstream, now: float) -> dict[str, Any]:
    guard = upstream.guard
    look = guard.breaker.look()
    return {
        "breaker": {
            "state": look.state.value,
            "reason": look.reason,
            "for_seconds": round(look.for_seconds, 1),
            "ends_in_seconds": round(look.ends_in_seconds, 1),
            "calls": look.calls,
            "failures": look.failures,
            "slow": look.slow,
        },
        "panics": upstream.panics,
        "tls": upstream.security.trouble if upstream.security is not None else "",
        "bulkhead": {
            "in_flight": guard.bulkhead.in_flight,
            "limit": guard.bulkhead.limit,
            "waiting": len(guard.bulkhead.waiting),
            "refused": guard.bulkhead.refused,
        },
        "budget": {
            "requests": guard.budget.requests,
            "retries": guard.budget.retries,
            "refused": guard.budget.refused,
        },
    }


def _registry(gateway: Gateway, service: str) -> dict[str, Any]:
    """Return what is wrong with the registry, and how old what it said is; nothing if it is not asked."""
    follower = gateway.followers.get(service)
    if follower is None:
        return {}
    return {"trouble": follower.trouble, "age_seconds": round(follower.age_seconds, 1)}


def _instances(gateway: Gateway, upstream: Upstream, now: float) -> list[dict[str, Any]]:
    """Return how its instances are doing, with what the registry says of those that it knows."""
    known = dict(located(gateway.table, upstream.name, gateway.found))
    return [
        {**_instance(each, now), **_particulars(known.get(each.url))}
        for each in upstream.instances
        if str(each) != NOBODY
    ]


def _particulars(found: Found | None) -> dict[str, Any]:
    if found is None:
        return {"source": "table", "version": "", "since": ""}
    since = found.since.isoformat(timespec="seconds") if found.since else ""
    return {"source": "registry", "version": found.version, "since": since}


def _instance(instance: Instance, now: float) -> dict[str, Any]:
    standing = instance.standing
    state = "down" if not standing.is_up else "ejected" if standing.ejected_until else "healthy"
    return {
        "url": instance.url,
        "state": state,
        "fault": standing.fault,
        "back_in_seconds": round(max(standing.ejected_until - now, 0.0), 1),
        "outstanding": instance.outstanding,
    }
