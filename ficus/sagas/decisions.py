"""What people do about stories: retry and abort. Each stands in the story's timeline with who and why."""

from datetime import datetime

from django.db import transaction

from ficus import context
from ficus.errors import Conflict, Invalid
from ficus.events import decisions
from ficus.events.models import ParkedEvent
from ficus.sagas import registry
from ficus.sagas.models import SagaInstance
from ficus.sagas.registry import NoSuchDeclaration


class NotDeclared(Conflict):
    code, title = "not_declared", "The story's declaration is gone"


class ReasonMissing(Invalid):
    code, title = "reason_missing", "Say why"


def retry(instance: SagaInstance, *, by: str, at: datetime, reason: str = "") -> None:
    """
    Take a stuck story up again: its parked answers are tried now, and the step it waits for is asked for again.

    :raises StoryEnded: if it has ended.
    :raises NotDeclared: if this process cannot carry it on.
    """
    with context.entered(correlation_id=instance.correlation_id), transaction.atomic():
        # The answers first: whoever applies events locks the cursor before the story, too.
        for parked in list_parked(instance):
            decisions.send_again(parked, by=by, at=at, reason=f"the story is retried: {reason}")
        instance.refresh_from_db()
        try:
            registry.of(instance).retry(instance, at=at, by=by, why=reason)
        except NoSuchDeclaration as error:
            raise NotDeclared(str(error)) from None


def abort(instance: SagaInstance, *, by: str, at: datetime, reason: str) -> None:
    """
    End a running story, taking back what was done.

    :raises ReasonMissing: without a reason.
    :raises StoryEnded: if it has ended.
    :raises NotDeclared: if this process cannot take anything back.
    """
    if not reason.strip():
        raise ReasonMissing("Say why.")
    with context.entered(correlation_id=instance.correlation_id), transaction.atomic():
        instance.refresh_from_db()
        try:
            registry.of(instance).abort(instance, at=at, by=by, why=reason)
        except NoSuchDeclaration as error:
            raise NotDeclared(str(error)) from None


def list_parked(instance: SagaInstance) -> list[ParkedEvent]:
    """Return the events of the story that could not be applied here, in the order of their log."""
    if not instance.correlation_id:
        return []
    parked = ParkedEvent.objects.filter(recorded__metadata__correlation_id=instance.correlation_id)
    return list(parked.order_by("source", "position"))
