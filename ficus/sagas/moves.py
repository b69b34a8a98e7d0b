"""What every way of carrying stories on is made of: to await, take back, end, tell, save. When, is the saga's part."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from ficus import crash, rows
from ficus.events import log
from ficus.events.recorded import Recorded
from ficus.sagas.declaration import Step, Story
from ficus.sagas.models import SagaInstance

RUNNING = SagaInstance.Status.RUNNING
DONE = SagaInstance.Status.DONE
REFUSED = SagaInstance.Status.REFUSED
LATE = SagaInstance.Status.LATE
CANCELLED = SagaInstance.Status.CANCELLED
ABORTED = SagaInstance.Status.ABORTED

_CHANGING = ("status", "awaits", "attempts", "trouble", "deadline_at", "ended_at", "timeline", "version")

# Stories that are being carried on in this context, and by which events: what is appended for them does not end them
# from outside.
_carried: ContextVar[Mapping[tuple[str, UUID], UUID | None]] = ContextVar(
    "ficus_sagas_carried",
    default={},  # noqa: B039 - never changed
)


@contextmanager
def carrying(saga: str, stories: Sequence[Story]) -> Iterator[None]:
    """Carry stories on in the block."""
    token = _carried.set({**_carried.get(), **{(saga, story.key): story.caused_by for story in stories}})
    try:
        yield
    finally:
        _carried.reset(token)


def not_carried(saga: str, ended: Mapping[UUID, Recorded]) -> list[UUID]:
    """
    Return those stories that an event ends from outside, since they are not being carried on here.

    :param ended: by story, the event that ends it.
    :raises ConcurrentChange: if one of many stories that are carried on together ends another of them.
    """
    carried = {key: str(caused_by) for (name, key), caused_by in _carried.get().items() if name == saga}
    for key in ended.keys() & carried:
        if ended[key].metadata["causation_id"] in set(carried.values()) - {carried[key]}:
            raise log.ConcurrentChange(f"{saga} {key} is ended by another story of its batch")
    return [key for key in ended if key not in carried]


def awaited(steps: Sequence[Step], instance: SagaInstance) -> Step | None:
    """Return the step whose answer may still come."""
    return next((step for step in steps if step.name == instance.awaits), None)


def wait_for(step: Step, instance: SagaInstance, *, at: datetime, attempt: int = 1) -> None:
    instance.awaits, instance.deadline_at, instance.attempts = step.name, step.deadline(at), attempt


def undo_before(steps: Sequence[Step], instance: SagaInstance, story: Story) -> list[str]:
    """Take back the steps that were done, the last first, and return their names."""
    step = awaited(steps, instance)
    done = steps[: steps.index(step)] if step else []
    took_back = []
    for each in reversed(done):
        if each.undo:
            each.undo(story)
            took_back.append(each.name)
    return took_back


def end(instance: SagaInstance, status: SagaInstance.Status, at: datetime) -> None:
    instance.status, instance.ended_at, instance.deadline_at = status, at, None
    if status not in (LATE, ABORTED):
        instance.awaits = ""


def tell(instance: SagaInstance, happened: dict[str, Any]) -> None:
    """Put a moment at the end of the story's timeline; the row has changed by it, and is no longer in trouble."""
    instance.timeline = [*instance.timeline, happened]
    instance.trouble = ""
    instance.version += 1


def save(changed: Sequence[tuple[SagaInstance, int]]) -> None:
    """
    Write rows that have changed.

    :param changed: each row, and the version in which it was read.
    :raises ConcurrentChange: if one is not as it was read; the transaction must be rolled back.
    """
    if not changed:
        return
    crash.point("saga.before_save")
    if rows.update(changed, _CHANGING) < len(changed):
        raise log.ConcurrentChange(", ".join(f"{instance.saga} {instance.key}" for instance, _ in changed[:3]))
    crash.point("saga.before_commit")
