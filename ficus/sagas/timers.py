"""
Ends the stories whose time is up; the relay process looks once a second.

With several such processes one sweeps at a time: on PostgreSQL each ending takes an advisory lock that ends with its
transaction, so a process that dies or stands still holds up nobody for longer; SQLite has one writer anyway.
"""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction

from ficus import context, crash
from ficus.sagas import registry
from ficus.sagas.models import SagaInstance
from ficus.sagas.saga import RUNNING

logger = logging.getLogger(__name__)

AT_ONCE = 100
# A story that cannot be ended makes way for the others, and comes again after this.
POSTPONED_BY = timedelta(seconds=60)
# Advisory locks are per database, so one constant serves all.
_LOCK = 0x6669637573 + 1  # "ficus", and one for the sequencer


def sweep(*, at: datetime, followed_since: datetime | None) -> int:
    """
    End every story whose time is up; return how many were ended.

    Time does not run while answers cannot be heard: a deadline counts from the asking, or from the instant since which
    all sources can be read, if that is later. So a service that was away, or this one, ends no story by its absence.

    :param followed_since: as :func:`ficus.events.catch_up.followed_since` says.
    """
    crash.point("timers.before_sweep")
    if followed_since is None:
        return 0
    _extend(since=followed_since, at=at)
    return expire_due(at=at)


def _extend(*, since: datetime, at: datetime) -> None:
    for saga in registry.declared():
        for step in saga.steps:
            deadline = step.deadline(since)
            if deadline is not None and deadline > at:
                due = SagaInstance.objects.filter(status=RUNNING, deadline_at__lte=at)
                mine = due.filter(saga=saga.name, declaration=saga.version)
                mine.filter(awaits=step.name).update(deadline_at=deadline)


def expire_due(*, at: datetime) -> int:
    """
    End every story whose deadline has passed, each in a transaction of its own; return how many were ended.

    Stories of newer code are left to it. It stops early if another process is at it.
    """
    ended = 0
    while due := _due(at):
        for instance in due:
            outcome = _expire(instance, at=at)
            if outcome is None:
                return ended
            ended += outcome
    return ended


def _due(at: datetime) -> list[SagaInstance]:
    due = SagaInstance.objects.filter(status=RUNNING, deadline_at__lte=at).exclude(registry.of_newer_code())
    return list(due.order_by("deadline_at")[:AT_ONCE])


def _expire(instance: SagaInstance, *, at: datetime) -> bool | None:
    """Return whether the story was ended, or None if another process is ending stories."""
    try:
        with context.entered(correlation_id=instance.correlation_id), transaction.atomic():
            if not _try_lock():
                return None
            unchanged = SagaInstance.objects.filter(pk=instance.pk, version=instance.version).first()
            if unchanged is None:
                return False
            crash.point("timers.before_expire")
            registry.of(unchanged).expire(unchanged, at=at)
            crash.point("timers.before_commit")
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if _postpone(instance, error, at=at):
            logger.exception("%s could not be ended at its deadline: %r", instance, error)
        return False
    crash.point("timers.after_commit")
    return True


def _try_lock() -> bool:
    """Return whether this transaction may end stories."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        held: bool = cursor.fetchone()[0]
    return held


def _postpone(instance: SagaInstance, error: Exception, *, at: datetime) -> bool:
    """Return whether the story is still as it was read, so that something is wrong rather than late."""
    unchanged = SagaInstance.objects.filter(pk=instance.pk, version=instance.version)
    trouble = f"{type(error).__name__}: {error}"[:500]
    return bool(unchanged.update(deadline_at=at + POSTPONED_BY, trouble=trouble))
