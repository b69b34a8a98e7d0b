"""
Who follows this service's log, and how far each has come. The producer knows it; it never guesses.

Consumers of this process have their cursors in the same database. Those elsewhere tell their places over gRPC, see
``following``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from ficus.errors import Conflict, Invalid, NotFound
from ficus.events import inbox, options
from ficus.events.consumer import consumers
from ficus.events.models import Follower, ParkedEvent

# Whoever invents names must not fill the table.
KNOWN = 200
_NAME_CHARACTERS = 50


class FollowerHoldsUp(Conflict):
    code, title = "follower_holds_up", "A follower of the log has not been heard, or is held up itself"


@dataclass(frozen=True, slots=True)
class Place:
    """
    How far one consumer has followed a log.

    :ivar position: everything up to here is applied or parked; None if nobody has ever said.
    :ivar parked: position of the first event that is parked; None if none is.
    :ivar heard_at: when it was said; None for a consumer of this process, whose cursor is read.
    """

    consumer: str
    position: int | None
    parked: int | None = None
    heard_at: datetime | None = None


def place(consumer: str, source: str) -> Place:
    """Return how far a consumer of this process has followed a log."""
    position = inbox.position(consumer, source)
    parked = ParkedEvent.objects.filter(consumer=consumer, source=source).aggregate(first=Min("position"))["first"]
    return Place(consumer, position, parked)


def list_places() -> list[Place]:
    """Return the place of each follower of this service's own log, by name; whom the relay pushes to is one."""
    own = options.source()
    here = {name: place(name, own) for name, consumer in consumers().items() if own in options.followed_by(consumer)}
    elsewhere = {
        row.consumer: Place(row.consumer, row.position, row.parked, row.heard_at) for row in Follower.objects.all()
    }
    silent = {name: Place(name, None) for name in options.push_to()}
    return [known for _, known in sorted({**silent, **elsewhere, **here}.items())]


def passed(upto: int) -> tuple[int, Place | None]:
    """
    Return how much of the log up to a position all followers have passed, and the one that is furthest behind it.

    :raises FollowerHoldsUp: if one has never been heard, or has parked an event of that part.
    """
    last: tuple[int, Place | None] = (upto, None)
    for known in list_places():
        if known.position is None:
            raise FollowerHoldsUp(
                f"{known.consumer} follows this log and has never said how far; start its relay, or push to it no more"
            )
        if known.parked is not None and known.parked <= upto:
            raise FollowerHoldsUp(
                f"{known.consumer} has parked the event at {known.parked}; decide about it there (parked list) first"
            )
        if known.position < last[0]:
            last = known.position, known
    return last


@transaction.atomic
def note(places: Iterable[Place], *, at: datetime) -> None:
    """
    Keep what consumers elsewhere say of their places.

    :raises Invalid: if it makes no sense, or there are more of them than a log has followers.
    """
    for said in places:
        if not 0 < len(said.consumer) <= _NAME_CHARACTERS or said.position is None or said.position < 0:
            raise Invalid(f"{said.consumer!r} is no place in a log")
        row, is_new = Follower.objects.update_or_create(
            consumer=said.consumer, defaults={"position": said.position, "parked": said.parked, "heard_at": at}
        )
        if is_new and Follower.objects.count() > KNOWN:
            raise Invalid(f"there are {KNOWN} followers already; {row.consumer} is not one of them")


def forget(consumer: str) -> None:
    """
    Let a consumer that is gone for good hold up archives no more; if it tells its place again it is known again.

    :raises NotFound: if none of that name has told its place.
    """
    deleted, _ = Follower.objects.filter(consumer=consumer).delete()
    if not deleted:
        raise NotFound(f"no follower {consumer!r} has been heard from elsewhere")
