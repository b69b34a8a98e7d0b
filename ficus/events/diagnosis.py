"""What ``doctor`` says about events: what is parked, refused, not served by push, and whether archives are whole."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, F, Max, Q, Sum

from ficus.configuration.diagnosis import Finding, State
from ficus.events import archives, verification
from ficus.events.models import Cursor, ParkedEvent, RefusedMessage

# For so long pull alone may move a cursor, after an outage for one, before anybody need ask why.
_PULLED = timedelta(seconds=30)


def diagnose() -> Iterator[Finding]:
    yield _parked()
    yield _refused()
    yield _pulled()
    yield from _archives()


def _parked() -> Finding:
    counts = ParkedEvent.objects.aggregate(
        parked=Count("pk"), stuck=Count("pk", filter=Q(retry_at=None, attempts__gt=0))
    )
    if not counts["parked"]:
        return Finding(State.OK, "parked events", "none")
    detail = f"{counts['parked']} parked, {counts['stuck']} of them not tried again by themselves; see parked list"
    return Finding(State.WARN, "parked events", detail)


def _refused() -> Finding:
    refused = RefusedMessage.objects.aggregate(messages=Sum("count"), last_at=Max("last_at"))
    if not refused["messages"]:
        return Finding(State.OK, "refused", "no message")
    detail = f"{refused['messages']} messages, the last at {refused['last_at']:%Y-%m-%d %H:%M:%S}; see the admin"
    return Finding(State.WARN, "refused", detail)


def _pulled() -> Finding:
    pulled = Cursor.objects.filter(moved_at__gt=F("pulled_since") + _PULLED).order_by("consumer", "source")
    if not pulled:
        return Finding(State.OK, "pushed events", "reach their consumers, or there are none")
    which = ", ".join(dict.fromkeys(f"{cursor.consumer} of {cursor.source}" for cursor in pulled))
    return Finding(State.WARN, "pushed events", f"do not reach {which}, which pulls; do worker and relay run?")


def _archives() -> Iterator[Finding]:
    count, wrong = archives.sealed().count(), list(verification.files())
    if count and not wrong:
        yield Finding(State.OK, "event archives", f"{count} files, up to position {archives.upto()}")
    yield from (Finding(State.WRONG, "event archives", what) for what in wrong)
    yield from (Finding(State.WARN, "event archives", what) for what in verification.strays())
