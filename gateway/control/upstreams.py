"""Orders to the workers about upstreams, kept as an audit trail, and what the workers report of theirs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max

from gateway.control.announcing import announce
from gateway.control.models import Service, TableVersion, UpstreamOrder, WorkerReport
from gateway.data.operations import Action, Order

FRESH_SECONDS = 30
KEPT_SECONDS = 3600


class UnknownService(Exception):
    """No service of that name is in the table."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One upstream as one worker has it; ``state`` is as ``gateway.data.operations.report`` makes it."""

    worker: str
    at: datetime
    service: str
    state: Mapping[str, Any]

    @property
    def healthy(self) -> int:
        return sum(each["state"] == "healthy" for each in self.state["instances"])


@transaction.atomic
def order(service: str, action: Action, *, by: str, reason: str, at: datetime) -> UpstreamOrder:
    """
    Order all workers to do something about a service; they do it within two seconds.

    :raises UnknownService: if the table has none of that name.
    """
    # One at a time, so that numbers are seen in the order in which they are given.
    TableVersion.objects.select_for_update().get(pk=1)
    if not Service.objects.filter(name=service).exists():
        raise UnknownService(f"{service} is no service")
    made = UpstreamOrder.objects.create(service=service, action=action.value, by=by, reason=reason, at=at)
    transaction.on_commit(partial(announce, f"order {made.pk}"))
    return made


def orders_after(number: int) -> list[Order]:
    """Return the orders after one, oldest first; for a worker that knows none yet the holds that are in force."""
    rows = UpstreamOrder.objects.filter(pk__gt=number)
    if not number:
        newest = UpstreamOrder.objects.values("service").annotate(newest=Max("pk")).values("newest")
        rows = UpstreamOrder.objects.filter(pk__in=newest)
    return [Order(row.pk, row.service, Action(row.action), row.reason) for row in rows.order_by("pk")]


def keep_report(worker: str, report: Mapping[str, Any], at: datetime) -> None:
    """Keep what a worker reports in place of what it did before, and forget those that have long been gone."""
    WorkerReport.objects.update_or_create(worker=worker, defaults={"report": report, "at": at})
    WorkerReport.objects.filter(at__lt=at - timedelta(seconds=KEPT_SECONDS)).delete()


def reported(now: datetime) -> list[Reported]:
    """Return each upstream of each worker that is heard of, by service and worker."""
    rows = WorkerReport.objects.filter(at__gte=now - timedelta(seconds=FRESH_SECONDS)).order_by("worker")
    found = [
        Reported(row.worker, row.at, name, state)
        for row in rows
        for name, state in row.report.get("upstreams", {}).items()
    ]
    return sorted(found, key=lambda each: (each.service, each.worker))


def troubles(now: datetime) -> Iterable[str]:
    """Yield what is wrong with upstreams at present, in an operator's words."""
    for each in reported(now):
        breaker = each.state["breaker"]
        if breaker["state"] != "closed":
            why = f": {breaker['reason']}" if breaker["reason"] else ""
            yield f"{each.service}: the breaker is {breaker['state'].replace('_', ' ')} in {each.worker}{why}"
        if each.state["panics"]:
            yield f"{each.service}: too few instances are healthy in {each.worker}, so that health is ignored"
        if trouble := each.state.get("registry", {}).get("trouble"):
            yield f"{each.service}: the last known instances stay in {each.worker}, since nobody says more: {trouble}"
        for instance in each.state["instances"]:
            if instance["state"] != "healthy":
                fault = f": {instance['fault']}" if instance["fault"] else ""
                yield f"{each.service} at {instance['url']} is {instance['state']} in {each.worker}{fault}"


def summary(service: str, found: Iterable[Reported]) -> str:
    """Return in a few words how a service is doing in all workers."""
    own = [each for each in found if each.service == service]
    if not own:
        return ""
    states = sorted({each.state["breaker"]["state"].replace("_", " ") for each in own})
    worst = min(own, key=lambda each: each.healthy)
    return f"{', '.join(states)}; {worst.healthy} of {len(worst.state['instances'])} healthy"
