"""
What people do about parked events: send again, edit and send again, drop.

Each is written down in the same transaction, with who and why, and under the lock of the consumer's cursor, so that
the event is not applied meanwhile.
"""

import logging
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from ficus import crash
from ficus.errors import Conflict, Invalid
from ficus.events import cursors, parking
from ficus.events.models import ParkedDecision, ParkedEvent
from ficus.events.recorded import Recorded
from ficus.events.schema import MalformedEvent, UnknownEvent

logger = logging.getLogger(__name__)

Action = ParkedDecision.Action


class NoLongerParked(Conflict):
    code, title = "no_longer_parked", "The event has been applied or dropped meanwhile"


class ReasonMissing(Invalid):
    code, title = "reason_missing", "Say why"


class NotAsDeclared(Invalid):
    code, title = "not_as_declared", "The event is not as its contract declares"


@transaction.atomic
def send_again(parked: ParkedEvent, *, by: str, at: datetime, reason: str = "") -> None:
    """
    Have the event tried now with a new budget of attempts; if it waits for an earlier one, have that one tried.

    :raises NoLongerParked: if there is nothing left to send.
    """
    parked = _locked(parked)
    _write_down(parked, Action.SENT_AGAIN, by=by, at=at, reason=reason)
    parking.schedule(parked, at=at)


@transaction.atomic
def edit_and_send_again(
    parked: ParkedEvent, *, payload: Any, by: str, at: datetime, reason: str, schema_version: int | None = None
) -> None:
    """
    Put another payload into the event as it is parked here, and have it tried now. The producer's log stays as it is.

    :param schema_version: version of the contract that the payload is written in; unless given, the present one.
    :raises NotAsDeclared: if the contract does not allow the payload, or it is about something else than before.
    :raises ReasonMissing: without a reason.
    :raises NoLongerParked: if there is nothing left to edit.
    """
    parked = _locked(parked)
    _require(reason)
    edited = {"payload": payload, "schema_version": schema_version or parked.recorded["schema_version"]}
    _check(parked, edited)
    _write_down(parked, Action.EDITED, by=by, at=at, reason=reason, edited=edited)
    parked.recorded |= edited
    parked.save(update_fields=["recorded"])
    parking.schedule(parked, at=at)


@transaction.atomic
def drop(parked: ParkedEvent, *, by: str, at: datetime, reason: str) -> None:
    """
    Give the event up for good; those behind it go on. What it said stays readable in the decision.

    :raises ReasonMissing: without a reason.
    :raises NoLongerParked: if there is nothing left to drop.
    """
    parked = _locked(parked)
    _require(reason)
    _write_down(parked, Action.DROPPED, by=by, at=at, reason=reason)
    parking.remove(parked, at=at)


def list_about(parked: ParkedEvent) -> QuerySet[ParkedDecision]:
    """Return what was decided about an event for its consumer, oldest first."""
    return ParkedDecision.objects.filter(event_id=parked.event_id, consumer=parked.consumer).order_by("id")


def _locked(parked: ParkedEvent) -> ParkedEvent:
    """Return the event as it is now; it stays so until the transaction ends."""
    cursors.lock_of(parked.consumer, parked.source, parked.aggregate_id)
    found = ParkedEvent.objects.filter(pk=parked.pk).first()
    if found is None:
        raise NoLongerParked(f"{parked} has been applied or dropped meanwhile.")
    return found


def _require(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing("Say why.")


def _check(parked: ParkedEvent, edited: dict[str, Any]) -> None:
    try:
        event = msgspec.convert(parked.recorded | edited, Recorded).event()
    except (msgspec.ValidationError, MalformedEvent, UnknownEvent) as error:
        raise NotAsDeclared(f"This is not as declared: {error}") from None
    if event.aggregate_id != parked.aggregate_id:
        raise NotAsDeclared(f"The event must stay about {parked.aggregate_type} {parked.aggregate_id}.")


def _write_down(
    parked: ParkedEvent, action: ParkedDecision.Action, *, by: str, at: datetime, reason: str, edited: Any = None
) -> None:
    ParkedDecision.objects.create(
        action=action,
        by=by[:200],
        reason=reason.strip()[:500],
        at=at,
        consumer=parked.consumer,
        source=parked.source,
        position=parked.position,
        event_id=parked.event_id,
        type=parked.type,
        aggregate_type=parked.aggregate_type,
        aggregate_id=parked.aggregate_id,
        error=parked.reason,
        attempts=parked.attempts,
        recorded=parked.recorded,
        edited=edited,
    )
    crash.point("decisions.before_commit")
    transaction.on_commit(lambda: crash.point("decisions.after_commit"))
    logger.warning("parked event %s by %s: %s: %s", action, by, parked, reason)
