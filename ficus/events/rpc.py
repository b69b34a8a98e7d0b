"""Answers those who follow this service's log over gRPC. What they ask for is in v1/event_log.proto."""

from collections.abc import Iterator
from typing import Any

import orjson
from django.utils import timezone

from ficus import crash
from ficus.events import followers, log
from ficus.events.followers import Place
from ficus.events.partitions import WHOLE, Partition
from ficus.events.recorded import Recorded
from ficus.events.v1 import event_log_pb2, event_log_pb2_grpc

LARGEST_BATCH = 500


class EventLogServicer(event_log_pb2_grpc.EventLogServicer):  # type: ignore[misc]
    """Reads, and notes who has read; it holds no transaction while a reader takes its time."""

    service_name = "ficus.events.v1.EventLog"
    add_to_server = staticmethod(event_log_pb2_grpc.add_EventLogServicer_to_server)

    def Read(self, request: event_log_pb2.ReadRequest, context: Any) -> Iterator[event_log_pb2.Batch]:
        after, left = request.after, request.limit or None
        part = Partition(request.partition, request.of) if request.of else WHOLE
        size = min(request.batch_size or LARGEST_BATCH, LARGEST_BATCH)
        while left is None or left > 0:
            events, upto = log.read_part(part, after=after, limit=size if left is None else min(size, left))
            if upto == after:
                return
            follows = log.read_follows(events, request.follows_types) if request.follows_types else {}
            messages = [_message(event, follows.get(event.place())) for event in events]
            yield event_log_pb2.Batch(previous=after, events=messages, upto=upto, newest=log.last_position())
            crash.point("log_feed.between_batches")
            after = upto
            left = None if left is None else left - len(events)

    def Tell(self, request: event_log_pb2.Places, context: Any) -> event_log_pb2.Told:
        places = [Place(said.consumer, said.position, said.parked or None) for said in request.places]
        followers.note(places, at=timezone.now())
        return event_log_pb2.Told()


def _message(event: Recorded, follows: int | None = None) -> event_log_pb2.Recorded:
    return event_log_pb2.Recorded(
        position=event.position,
        id=str(event.id),
        type=event.type,
        schema_version=event.schema_version,
        aggregate_type=event.aggregate_type,
        aggregate_id=str(event.aggregate_id),
        aggregate_version=event.aggregate_version,
        payload=orjson.dumps(event.payload),
        metadata=orjson.dumps(event.metadata),
        recorded_at=event.recorded_at.isoformat(),
        follows=follows,
    )
