"""
Which part of a log an event belongs to, so that several workers can follow one log at once. No database here.

An event's part follows from its aggregate's id alone: whoever follows a part sees all of an aggregate, in order.
"""

from dataclasses import dataclass
from uuid import UUID
from zlib import crc32

# More would only be more queues and cursors; one process serves many.
MOST = 64


@dataclass(frozen=True, slots=True)
class Partition:
    """
    One of the parts that a consumer follows logs in.

    :ivar number: from 0.
    :ivar of: how many parts there are.
    """

    number: int = 0
    of: int = 1

    def holds(self, aggregate_id: UUID) -> bool:
        return self.of == 1 or number_of(aggregate_id, self.of) == self.number

    def __str__(self) -> str:
        return f"{self.number} of {self.of}"


WHOLE = Partition()


def number_of(aggregate_id: UUID, of: int) -> int:
    """Return the number of the part that holds the aggregate, when there are ``of`` of them."""
    return crc32(aggregate_id.bytes) % of


def parts(of: int) -> list[Partition]:
    return [Partition(number, of) for number in range(of)]
