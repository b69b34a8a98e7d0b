"""An event as its producer recorded it: what was said, about what, when, and why. No database here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ficus.events import schema


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    One entry of a service's log.

    :ivar source: name of the log that it stands in.
    :ivar position: place in that log, dense and in the order of commits; None until the relay has seen it.
    :ivar aggregate_version: the aggregate's version after this event; the first is 1.
    :ivar metadata: ``correlation_id``, ``causation_id``, ``actor`` and ``traceparent``, each a string, maybe empty.
    """

    source: str
    position: int | None
    id: UUID
    type: str
    schema_version: int
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    payload: dict[str, Any]
    metadata: dict[str, str]
    recorded_at: datetime

    def event(self) -> schema.Event:
        """
        Return the event in the words of its contract.

        :raises UnknownEvent: if no contract known here declares it.
        :raises MalformedEvent: if the payload is not as declared.
        """
        return schema.decode(self.type, self.schema_version, self.payload)

    def place(self) -> int:
        """
        Return the position, which everything read from a log has.

        :raises ValueError: if the relay has not seen the event yet.
        """
        if self.position is None:
            raise ValueError(f"event {self.id} has no position yet")
        return self.position
