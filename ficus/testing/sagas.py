"""
Tells a saga's story step by step: what was given, what happens, what follows.

    def test_a_late_answer_is_taken_back():
        (
            Scenario(place_order, at=datetime(2026, 1, 1, tzinfo=UTC))
            .given(placed)
            .when_nothing_comes_for(timedelta(minutes=3))
            .then(OrderCancelled(...), status=LATE, awaits="reserve credit")
            .when(reserved)
            .then(ReleaseCredit(...), status=LATE, awaits="")
        )

``given`` and each ``when`` let something happen, at the instant where the scenario stands; only
``when_nothing_comes_for`` moves its clock. Each ``then`` says all that the last ``when`` has announced, in order.
``after_deployment_of`` tells what becomes of a story that old code began: see ``ficus.sagas.registry``.

A busy service carries many stories on at once. ``Scenario(place_order, among=2)`` tells the story with two others that
go the same way, each answer in one batch with theirs, and ``then`` holds for every one of them.

It runs against the test's database with the saga's own functions; only the clock and the other services are played.
"""

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID, uuid4

import msgspec
from django.db import transaction
from django.utils import timezone

from ficus import context
from ficus.events import handling, log
from ficus.events.models import LogEntry
from ficus.events.recorded import Recorded
from ficus.events.schema import Event
from ficus.sagas import clock, decisions, registry, timers
from ficus.sagas.models import SagaInstance
from ficus.sagas.saga import Saga
from ficus.testing.events import foreign


class Scenario:
    """
    One story of a saga.

    :param at: the instant at which it begins; the present one unless given.
    :param version: up to which version of the saga the code knows; the newest unless given.
    :param among: how many other stories go the same way at the same time.
    """

    def __init__(self, saga: Saga, *, at: datetime | None = None, version: int | None = None, among: int = 0) -> None:
        self._saga = saga
        self._others = [uuid4() for _ in range(among)]
        self._at = at or timezone.now()
        self._version = version or registry.newest(saga.name)
        self._key: UUID | None = None
        self._known = 0

    def given(self, *events: Event) -> Self:
        """Let the story's first event be appended, and others be received, before what is tested."""
        for event in events:
            self._happen(event)
        self._known = LogEntry.objects.count()
        return self

    def when(self, event: Event) -> Self:
        """Let an event happen: one of the own service is appended, another's is received."""
        self._known = LogEntry.objects.count()
        self._happen(event)
        return self

    def when_nothing_comes_for(self, duration: timedelta) -> Self:
        """Let time pass, and whatever is due happen."""
        self._known = LogEntry.objects.count()
        self._at += duration
        with self._stage():
            timers.expire_due(at=self._at)
        return self

    def when_retried(self, *, by: str = "olga", reason: str = "") -> Self:
        """Let an operator take the story up again where it is stuck."""
        self._known = LogEntry.objects.count()
        with self._stage():
            for instance in self._instances():
                decisions.retry(instance, by=by, at=self._at, reason=reason)
        return self

    def when_aborted(self, *, by: str = "olga", reason: str = "no longer wanted") -> Self:
        """Let an operator end the story."""
        self._known = LogEntry.objects.count()
        with self._stage():
            for instance in self._instances():
                decisions.abort(instance, by=by, at=self._at, reason=reason)
        return self

    def after_deployment_of(self, version: int) -> Self:
        """Let the code know the saga up to that version from now on."""
        self._version = version
        return self

    def then(
        self,
        *announced: Event,
        status: SagaInstance.Status,
        awaits: str | None = None,
        within: timedelta | None = None,
        attempt: int | None = None,
    ) -> Self:
        """
        Assert that exactly these events followed, in this order, and where the story stands now.

        :param awaits: the step whose answer may still come; empty for none.
        :param within: time left until the deadline.
        :param attempt: how often the awaited step has been asked for.
        """
        entries = LogEntry.objects.order_by("number")[self._known :]
        followed = [log.recorded(entry).event() for entry in entries]
        expected = [[self._about(key, event) for event in announced] for key in self._keys()]
        assert self._by_story(followed) == expected, followed  # noqa: S101 - an assertion is what this is
        for instance in self._instances():
            assert instance.status == status, instance.status  # noqa: S101
            if awaits is not None:
                assert instance.awaits == awaits, instance.awaits  # noqa: S101
            if within is not None:
                assert instance.deadline_at == self._at + within, instance.deadline_at  # noqa: S101
            if attempt is not None:
                assert instance.attempts == attempt, instance.attempts  # noqa: S101
        return self

    def then_told(self, *what: str) -> Self:
        """Assert that these are the last moments of the story's timeline."""
        for instance in self._instances():
            told = [moment["what"] for moment in instance.timeline[-len(what) :]]
            assert told == list(what), told  # noqa: S101
        return self

    def _instances(self) -> list[SagaInstance]:
        """Return the story, and those among which it is told."""
        stories = SagaInstance.objects.filter(saga=self._saga.name)
        return [stories.get(key=key) for key in self._keys()]

    def _keys(self) -> list[UUID]:
        assert self._key is not None, "nothing has happened yet"  # noqa: S101
        return [self._key, *self._others]

    def _about(self, key: UUID, event: Event) -> Event:
        """Return the event as another story has it."""
        return event if key == self._key else msgspec.structs.replace(event, **{self._saga.key: key})

    def _by_story(self, followed: list[Event]) -> list[list[Event]]:
        if not self._others:
            return [followed]
        return [[event for event in followed if getattr(event, self._saga.key) == key] for key in self._keys()]

    def _stage(self) -> ExitStack:
        stage = ExitStack()
        stage.enter_context(clock.stopped(self._at))
        stage.enter_context(registry.as_of(self._saga.name, self._version))
        return stage

    def _happen(self, event: Event) -> None:
        self._key = getattr(event, self._saga.key)
        events = [self._about(key, event) for key in self._keys()]
        with self._stage(), transaction.atomic():
            if type(event) in (self._saga.begins_with, *self._saga.ends_with):
                versions = [len(log.history(each.AGGREGATE, each.aggregate_id)) + 1 for each in events]
                log.append_many(zip(events, versions, strict=True))
                self._known += len(events)
            else:
                self._receive([(each, foreign(self._saga.name, each)) for each in events])

    def _receive(self, answers: list[tuple[Event, Recorded]]) -> None:
        """Let answers come as the inbox would hand them over: one alone, or many together."""
        if len(answers) == 1:
            self._saga.receive(*answers[0], at=self._at)
            return
        with context.together({received.id: handling.cause(received) for _, received in answers}):
            self._saga.receive_many(answers, at=self._at)
