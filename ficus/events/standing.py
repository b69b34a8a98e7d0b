"""What ``/metrics`` says about events: how far the log and those who follow it are, and what is parked or refused."""

from collections.abc import Iterator

from django.db.models import Count, Min, Q, Sum
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ficus.events import followers, log
from ficus.events.models import Cursor, LogEntry, ParkedEvent, RefusedMessage

Grouped = dict[tuple[str, ...], int]


def measure() -> Iterator[Metric]:
    newest = log.last_position()
    yield GaugeMetricFamily("ficus_events_log_position", "Position of the last event of this service", newest)
    waiting = LogEntry.objects.filter(position=None).count()
    yield GaugeMetricFamily("ficus_events_unsequenced", "Events that the relay has given no position yet", waiting)
    yield _gauge(
        "ficus_events_backlog",
        "Events of this service that come after what a consumer has applied or parked",
        ["consumer"],
        {(place.consumer,): max(0, newest - (place.position or 0)) for place in followers.list_places()},
    )
    cursors = Cursor.objects.values_list("consumer", "source").annotate(position=Min("position")).order_by()
    yield _gauge(
        "ficus_events_applied_position",
        "Up to where a consumer of this service has applied or parked the events of a source",
        ["consumer", "source"],
        {(consumer, source): position for consumer, source, position in cursors},
    )
    yield from _parked()
    refused = RefusedMessage.objects.values_list("consumer").annotate(messages=Sum("count")).order_by()
    family = CounterMetricFamily(
        "ficus_events_refused_messages", "Messages that were refused as a whole", labels=["consumer"]
    )
    for consumer, messages in refused:
        family.add_metric([consumer], messages)
    yield family


def _parked() -> Iterator[Metric]:
    stuck = Count("pk", filter=Q(retry_at=None, attempts__gt=0))
    found = list(ParkedEvent.objects.values_list("consumer").annotate(Count("pk"), stuck=stuck).order_by())
    yield _gauge(
        "ficus_events_parked",
        "Events that could not be applied, and those that wait behind them",
        ["consumer"],
        {(consumer,): parked for consumer, parked, _ in found},
    )
    yield _gauge(
        "ficus_events_parked_stuck",
        "Parked events that are not tried again by themselves",
        ["consumer"],
        {(consumer,): spent for consumer, _, spent in found},
    )


def _gauge(name: str, says: str, labels: list[str], values: Grouped) -> Metric:
    family = GaugeMetricFamily(name, says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
