"""Where a consumer pulls a log from: the service's own, or another's over gRPC. Never inside a transaction."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from ficus.errors import Unavailable
from ficus.events import log, options
from ficus.events.followers import Place
from ficus.events.inbox import Batch
from ficus.events.partitions import WHOLE, Partition
from ficus.events.recorded import Recorded
from ficus.events.v1 import event_log_pb2, event_log_pb2_grpc

BATCH = 500
# One call reads no more than this, so that its deadline suits any log.
_AT_ONCE = 5_000
_TIMEOUT_SECONDS = 20.0


class Feed(Protocol):
    """A log that can be read from any position."""

    def read(self, after: int, part: Partition = WHOLE) -> Iterator[Batch]:
        """
        Yield what stands behind a position in that part of the log, in order; nothing when the end is reached.

        It may stop before the end, after at least one batch: ask again. A batch may have no event and reach further.
        """
        ...

    def read_some(self, after: int, part: Partition, limit: int, types: Collection[str]) -> Batch | None:
        """Return a batch of so many events at most, with which of these types each follows; None at the log's end."""
        ...


def feed(source: str) -> Feed:
    """Return the feed that settings name ``source``, or the service's own log if that is its name."""
    return OwnFeed() if is_local(source) else RemoteFeed(source)


def is_local(source: str) -> bool:
    """Return whether the log of that name is in this database."""
    return source == options.source() or options.feeds()[source] == "local"


class OwnFeed:
    """The log of this service itself."""

    def read(self, after: int, part: Partition = WHOLE) -> Iterator[Batch]:
        while True:
            events, upto = log.read_part(part, after=after, limit=BATCH)
            if upto == after:
                return
            yield Batch(options.source(), after, events, part, upto, log.last_position())
            after = upto

    def read_some(self, after: int, part: Partition, limit: int, types: Collection[str]) -> Batch | None:
        events, upto = log.read_part(part, after=after, limit=limit)
        if upto == after:
            return None
        return Batch(options.source(), after, events, part, upto, log.last_position(), log.read_follows(events, types))


class RemoteFeed:
    """The log of another service, by its name among the gRPC upstreams."""

    def __init__(self, source: str) -> None:
        self._source = source

    def read(self, after: int, part: Partition = WHOLE) -> Iterator[Batch]:
        request = event_log_pb2.ReadRequest(after=after, batch_size=BATCH, limit=_AT_ONCE)
        reached = after
        try:
            for batch in self._ask(request, part):
                read = self._batch(batch, part)
                yield read
                reached = read.end
        except Unavailable:
            # Whoever applies slowly what he reads uses up the call's time, and asks again.
            if reached == after:
                raise

    def read_some(self, after: int, part: Partition, limit: int, types: Collection[str]) -> Batch | None:
        request = event_log_pb2.ReadRequest(after=after, batch_size=limit, limit=limit, follows_types=types)
        answer = next(iter(self._ask(request, part)), None)
        return self._batch(answer, part) if answer else None

    def _ask(self, request: event_log_pb2.ReadRequest, part: Partition) -> Iterator[event_log_pb2.Batch]:
        request.partition, request.of = part.number, part.of
        answers: Iterator[event_log_pb2.Batch] = self._stub().Read(request, timeout=_TIMEOUT_SECONDS)
        return answers

    def _batch(self, batch: event_log_pb2.Batch, part: Partition) -> Batch:
        events = [_recorded(self._source, event) for event in batch.events]
        if batch.upto:
            follows = {event.position: event.follows for event in batch.events if event.HasField("follows")}
            return Batch(self._source, batch.previous, events, part, batch.upto, batch.newest, follows)
        # A server that does not know of parts gives the whole log.
        mine = [event for event in events if part.holds(event.aggregate_id)]
        return Batch(self._source, batch.previous, mine, part, events[-1].place())

    def tell(self, places: Sequence[Place]) -> None:
        """
        Tell the service how far consumers here have followed its log.

        :raises Unavailable: if it does not answer.
        """
        told = [
            event_log_pb2.Place(consumer=place.consumer, position=place.position, parked=place.parked or 0)
            for place in places
        ]
        self._stub().Tell(event_log_pb2.Places(places=told))

    def _stub(self) -> Any:
        from ficus.rpc.client import client  # imports grpc, which those who only push do without

        return client(self._source, event_log_pb2_grpc.EventLogStub, breaker=False)


def _recorded(source: str, event: event_log_pb2.Recorded) -> Recorded:
    return Recorded(
        source=source,
        position=event.position,
        id=UUID(event.id),
        type=event.type,
        schema_version=event.schema_version,
        aggregate_type=event.aggregate_type,
        aggregate_id=UUID(event.aggregate_id),
        aggregate_version=event.aggregate_version,
        payload=orjson.loads(event.payload),
        metadata=orjson.loads(event.metadata),
        recorded_at=datetime.fromisoformat(event.recorded_at),
    )
