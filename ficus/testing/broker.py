"""A broker in memory, in the place of Celery over Redis."""

from collections.abc import Sequence

from ficus.events.inbox import Batch
from ficus.events.partitions import WHOLE, Partition
from ficus.events.recorded import Recorded


class MemoryBroker:
    """
    Keeps what was pushed until it is taken.

    :ivar away: whether every call fails, as with a Redis that is down.
    :ivar loses_answers: whether what is pushed arrives and yet the call fails.
    """

    def __init__(self) -> None:
        self.queues: dict[str, list[Batch]] = {}
        self.away = self.loses_answers = False

    def waiting(self, consumer: str, part: Partition = WHOLE) -> int:
        self._answer()
        return len(self.queues.get(_queue(consumer, part), []))

    def push(
        self,
        consumer: str,
        previous: int,
        events: Sequence[Recorded],
        part: Partition = WHOLE,
        upto: int | None = None,
    ) -> None:
        self._answer()
        batch = Batch(events[0].source, previous, list(events), part, upto)
        self.queues.setdefault(_queue(consumer, part), []).append(batch)
        if self.loses_answers:
            raise ConnectionError("the connection was lost before the answer came")

    def take(self, consumer: str, part: Partition = WHOLE) -> Batch:
        """Take the oldest batch, as a worker does."""
        return self.queues[_queue(consumer, part)].pop(0)

    def _answer(self) -> None:
        if self.away:
            raise ConnectionError("the broker is away")


def _queue(consumer: str, part: Partition) -> str:
    return consumer if part == WHOLE else f"{consumer}.{part.number}"
