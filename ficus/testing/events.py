"""Delivers events in a test process, without broker or second service: the same inbox, the same transactions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from ficus.events import cursors, inbox, log, options, sequencer
from ficus.events.consumer import consumers
from ficus.events.inbox import Batch
from ficus.events.models import LogEntry
from ficus.events.partitions import Partition
from ficus.events.recorded import Recorded
from ficus.events.schema import Event, encode


def appended(event_class: type[Event] | None = None) -> list[Event]:
    """Return the events in the service's own log, oldest first, if asked for those of one class alone."""
    entries = LogEntry.objects.order_by("number")
    if event_class is not None:
        entries = entries.filter(type=event_class.TYPE)
    return [log.recorded(entry).event() for entry in entries]


def sequence() -> None:
    """Give every entry of the own log its position, as the relay would."""
    while sequencer.assign():
        pass


def deliver(*names: str) -> int:
    """
    Bring the consumers of this process up to date with its own log, and with what they append themselves.

    :param names: the consumers; all that are declared if none is named.
    :return: how many events were delivered, each counted once for each consumer.
    """
    chosen = names or tuple(consumers())
    delivered = 0
    while (round := sum(_deliver_once(name) for name in chosen)) > 0:
        delivered += round
    return delivered


def receive(consumer: str, event: Event, *, version: int = 1, **details: Any) -> Recorded:
    """
    Give one event of another service to a consumer, right behind the last one it received from there.

    :param version: the aggregate's version after the event.
    :param details: other fields of what is recorded, such as ``source``, ``id``, ``recorded_at`` or ``metadata``.
    :raises Exception: whatever the handler raises; nothing is parked.
    """
    received = foreign(consumer, event, version=version, **details)
    previous = received.place() - 1
    inbox.apply(consumers()[consumer], Batch(received.source, previous, [received]), at=timezone.now(), parks=False)
    return received


def foreign(consumer: str, event: Event, *, version: int = 1, source: str = "", **details: Any) -> Recorded:
    """Return an event as another service's log would have it, next in line for the consumer."""
    source = source or event.TYPE.split(".")[0]
    id: UUID = details.get("id") or uuid7()
    recorded_at: datetime = details.get("recorded_at") or timezone.now()
    return Recorded(
        source=source,
        position=details.get("position") or inbox.position(consumer, source) + 1,
        id=id,
        type=event.TYPE,
        schema_version=event.VERSION,
        aggregate_type=event.AGGREGATE,
        aggregate_id=event.aggregate_id,
        aggregate_version=version,
        payload=encode(event),
        metadata={"correlation_id": str(id), "causation_id": "", "actor": "", "traceparent": ""}
        | details.get("metadata", {}),
        recorded_at=recorded_at,
    )


def _deliver_once(name: str) -> int:
    sequence()
    return sum(_deliver_part(name, part) for part in cursors.parts_of(name, options.source()))


def _deliver_part(name: str, part: Partition) -> int:
    source = options.source()
    previous = cursors.position(name, source, part)
    events, upto = log.read_part(part, after=previous, limit=sequencer.BATCH)
    if upto > previous:
        inbox.receive(consumers()[name], Batch(source, previous, events, part, upto), at=timezone.now())
    return len(events)
