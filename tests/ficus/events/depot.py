"""Events and a consumer for the tests: parcels come from another service and are put on a shelf, which is announced."""

from uuid import UUID, uuid4

from django.db import OperationalError

from ficus.events import log
from ficus.events.consumer import Consumer, Received
from ficus.events.schema import Event, event


@event("post.parcel_sent", version=1, aggregate="parcel", key="parcel_id")
class ParcelSent(Event, frozen=True, kw_only=True):
    parcel_id: UUID
    weight: int


@event("post.parcel_sent", version=3, aggregate="parcel", key="parcel_id")
class ParcelSentOtherwise(Event, frozen=True, kw_only=True):
    parcel_id: UUID


@event("post.parcel_weighed", version=1, aggregate="parcel", key="parcel_id")
class ParcelWeighed(Event, frozen=True, kw_only=True):
    """Nobody handles this."""

    parcel_id: UUID


@event("depot.parcel_shelved", version=1, aggregate="shelf", key="shelf_id")
class ParcelShelved(Event, frozen=True, kw_only=True):
    shelf_id: UUID
    parcel_id: UUID
    weight: int


class Trouble(Exception):
    """The depot cannot take this parcel today."""


class Depot:
    """
    What the handler below does besides shelving.

    :ivar refuses: weights whose parcels fail.
    :ivar loses_database: whether the database goes away under every parcel.
    :ivar attempts: weights in the order in which they were tried.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.refuses: set[int] = set()
        self.loses_database = False
        self.attempts: list[int] = []


depot = Depot()
consumer = Consumer("depot")


@consumer.handles(ParcelSent)
def shelve_parcel(event: ParcelSent, received: Received) -> None:
    depot.attempts.append(event.weight)
    log.append(ParcelShelved(shelf_id=uuid4(), parcel_id=event.parcel_id, weight=event.weight), version=1)
    if depot.loses_database:
        raise OperationalError("the database went away")
    if event.weight in depot.refuses:
        raise Trouble(f"too heavy: {event.weight}")
