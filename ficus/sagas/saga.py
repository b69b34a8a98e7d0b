"""
Carries stories on. ``apps/orders/sagas.py`` declares one like this:

    @together
    def confirm_orders(stories: Sequence[Story]) -> None:
        services.confirm_orders(order_ids=[story.key for story in stories], caused_by=causes(stories))

    def reject_order(story: Story) -> None:
        services.reject_order(order_id=story.key, reason=story.event.reason, rejected_at=story.at)

    def cancel_order(story: Story) -> None:
        services.cancel_order(order_id=story.key, reason="no_answer_in_time", cancelled_at=story.at)

    def release_credit(story: Story) -> None:
        services.ask_to_release_credit(order_id=story.key, reason="no_longer_wanted")

    place_order = Saga(
        "orders.place_order",
        key="order_id",
        begins_with=OrderPlaced,
        steps=[
            # OrderPlaced itself asks users to reserve.
            Step(
                "reserve credit",
                done_by=CreditReserved,
                refused_by=CreditRefused,
                within=lambda: timedelta(seconds=settings.ORDER_DEADLINE_SECONDS),
                undo=release_credit,
            ),
        ],
        when_done=confirm_orders,
        when_refused=reject_order,
        when_late=cancel_order,
        ends_with={OrderConfirmed: DONE, OrderRejected: REFUSED, OrderCancelled: CANCELLED},
    )

and ``apps/orders/handlers.py`` passes the answers on:

    @consumer.handles_together(CreditReserved, CreditRefused)
    def decide_orders_whose_credit_is_decided(answers: Sequence[tuple[Any, Received]]) -> None:
        place_order.receive_many(answers, at=timezone.now())

A function that is declared with ``together`` takes all stories that go on alike, in a list of one if there is but one;
any other is called for each. Nothing else differs, whether answers come alone or together.

A story begins when its first event is appended, in that transaction. It ends by itself when one of ``ends_with`` is
appended by whoever it may be, such as a customer who cancels. Both hold for bulk appends, with one statement each.

The row of the story is changed last and by its version, never locked first: a service function that locks its own
row and then ends the story, and a story that calls the same function, so take their locks in the same order.

Steps are found by name and answers by class. Whoever adds a step at the end or changes a deadline may do so within a
version. Whoever takes out, renames or reorders steps, or gives a step other answers, declares the saga anew with the
next ``version`` and leaves the old declaration beside it until its last story has ended; see ``registry``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import F

from ficus import context, crash, rows
from ficus.errors import Conflict
from ficus.events import log
from ficus.events.recorded import Recorded
from ficus.events.schema import Event
from ficus.sagas import clock, hearing, moves, registry
from ficus.sagas.declaration import Action, Step, Story, causes, perform, together
from ficus.sagas.models import SagaInstance
from ficus.sagas.moves import ABORTED, CANCELLED, DONE, LATE, REFUSED, RUNNING
from ficus.sagas.timeline import Appended, moment

__all__ = [
    "ABORTED",
    "CANCELLED",
    "DONE",
    "LATE",
    "REFUSED",
    "RUNNING",
    "NoSuchStory",
    "Saga",
    "Step",
    "Story",
    "StoryEnded",
    "causes",
    "together",
]


class NoSuchStory(LookupError):
    """An answer came for a story that never began here."""


class StoryEnded(Conflict):
    code, title = "story_ended", "The story has ended already"


class Saga:
    """
    A story across services: steps that others answer, a deadline for each, and what takes them back.

    :ivar name: ``<service>.<verb_noun>``.
    :ivar version: of the declaration; unique with the name.
    :ivar key: field of every event of the story that names what it is about.
    """

    def __init__(
        self,
        name: str,
        *,
        version: int = 1,
        key: str,
        begins_with: type[Event],
        steps: Sequence[Step],
        when_done: Action,
        when_refused: Action,
        when_late: Action,
        ends_with: Mapping[type[Event], SagaInstance.Status],
        when_aborted: Action | None = None,
    ) -> None:
        """:param when_aborted: what follows when a person aborts the story; unless given, what does when it is late."""
        self.name, self.version, self.key, self.steps = name, version, key, list(steps)
        registry.add(self)
        self.begins_with, self.ends_with = begins_with, dict(ends_with)
        self.when_done, self.when_refused, self.when_late = when_done, when_refused, when_late
        self.when_aborted = when_aborted or when_late
        log.observe(begins_with, self._start_unless_replaced)
        for event, status in ends_with.items():
            log.observe(event, partial(self._end_many, status))

    def start_many(self, begun: Sequence[tuple[Event, Recorded]]) -> None:
        """Begin a story for each first event. The log calls this; deadlines count from now, not from past dates."""
        first, now = self.steps[0], clock.now()
        deadline = first.deadline(now)
        instances = [
            SagaInstance(
                saga=self.name,
                declaration=self.version,
                key=getattr(event, self.key),
                awaits=first.name,
                deadline_at=deadline,
                started_at=recorded.recorded_at,
                correlation_id=recorded.metadata["correlation_id"],
                timeline=[
                    moment(
                        recorded.recorded_at,
                        f"began: asked to {first.name}",
                        recorded.id,
                        step=first.name,
                        attempt=1,
                        until=deadline,
                    )
                ],
            )
            for event, recorded in begun
        ]
        rows.insert(instances)
        crash.point("saga.after_begin")
        if first.ask:
            stories = [Story(getattr(event, self.key), now, event, caused_by=_cause(told)) for event, told in begun]
            with moves.carrying(self.name, stories):
                perform(first.ask, stories)

    def receive(self, event: Event, received: Recorded, *, at: datetime) -> None:
        """Carry a story on with an answer from another service, as :meth:`receive_many` does."""
        self.receive_many([(event, received)], at=at)

    def receive_many(self, answers: Sequence[tuple[Event, Recorded]], *, at: datetime) -> None:
        """
        Carry stories on with answers from other services. A repeated answer changes nothing.

        An answer that comes after its story's end is taken back by its step's ``undo``, once. Answers to one story are
        heard in the order given, those to different stories in any. It does all or raises, and then the transaction
        must be rolled back.

        :raises NoSuchStory: if a story never began here.
        :raises ConcurrentChange: if a story was changed at the same time.
        :raises NewerDeclaration: if a story is only known to newer code.
        """
        keys = {getattr(event, self.key) for event, _ in answers}
        stories = {instance.key: instance for instance in SagaInstance.objects.filter(saga=self.name, key__in=keys)}
        if missing := keys - stories.keys():
            raise NoSuchStory(f"{self.name} {min(missing)}")
        known = {key: instance.version for key, instance in stories.items()}
        hearing.hear(stories, answers, key=self.key, at=at)
        moves.save([(instance, known[key]) for key, instance in stories.items() if instance.version > known[key]])

    def expire(self, instance: SagaInstance, *, at: datetime, by: str = "", why: str = "") -> None:
        """End a story whose answer did not come in time, taking back what was done before."""
        story = Story(instance.key, at)
        with moves.carrying(self.name, [story]):
            took_back = moves.undo_before(self.steps, instance, story)
            self.when_late(story)
        moves.end(instance, LATE, at)
        step = instance.awaits
        self._save(instance, moment(at, f"no answer in time: {step}", step=step, took_back=took_back, by=by, why=why))

    def retry(self, instance: SagaInstance, *, at: datetime, by: str, why: str) -> None:
        """
        Ask again for the step that is awaited, with a new deadline; or end the story, if it could not be ended in time.

        :raises StoryEnded: if no step is to be asked for.
        """
        step = self._running_step(instance)
        if instance.trouble:
            self.expire(instance, at=at, by=by, why=why)
            return
        story, attempt = Story(instance.key, at), instance.attempts + 1
        moves.wait_for(step, instance, at=at, attempt=attempt)
        if step.ask:
            with moves.carrying(self.name, [story]):
                step.ask(story)
        what = f"asked again to {step.name}" if step.ask else f"waits anew for the answer to {step.name}"
        until = instance.deadline_at
        self._save(instance, moment(at, what, step=step.name, attempt=attempt, until=until, by=by, why=why))

    def abort(self, instance: SagaInstance, *, at: datetime, by: str, why: str) -> None:
        """
        End a running story by a person's will, taking back what was done; an answer to come is taken back too.

        :raises StoryEnded: if it has ended by itself.
        """
        step = self._running_step(instance)
        story = Story(instance.key, at, reason=why)
        with moves.carrying(self.name, [story]):
            took_back = moves.undo_before(self.steps, instance, story)
            self.when_aborted(story)
        moves.end(instance, ABORTED, at)
        self._save(instance, moment(at, "aborted", step=step.name, took_back=took_back, by=by, why=why))

    def _start_unless_replaced(self, begun: Sequence[tuple[Event, Recorded]]) -> None:
        if self.version == registry.newest(self.name):
            self.start_many(begun)

    def _running_step(self, instance: SagaInstance) -> Step:
        step = moves.awaited(self.steps, instance)
        if instance.status != RUNNING:
            raise StoryEnded(f"The story has ended already: {instance.status}.")
        if step is None:
            raise registry.NoSuchDeclaration(f"{self.name} has no step {instance.awaits!r} any more")
        return step

    def _end_many(self, status: SagaInstance.Status, ended: Sequence[tuple[Event, Recorded]]) -> None:
        """End the running stories that somebody else's event has decided. Their answers may still come, too late."""
        told = {getattr(event, self.key): recorded for event, recorded in ended}
        others = moves.not_carried(self.name, told)
        if not others:
            return
        now, what = clock.now(), ended[0][0].TYPE
        stories = SagaInstance.objects.filter(saga=self.name, key__in=others, status=RUNNING)
        running = stories.filter(declaration=self.version)
        if status != DONE and len(self.steps) > 1:
            for instance in running:
                self._take_back(instance, status, told[instance.key])
        ended_now = running.update(
            status=status,
            ended_at=now,
            deadline_at=None,
            awaits="" if status == DONE else F("awaits"),
            trouble="",
            version=F("version") + 1,
            timeline=Appended(moment(now, what)),
        )
        crash.point("saga.after_end_from_outside")
        if ended_now < len(others) and stories.filter(registry.of_newer_code()).exists():
            raise registry.NewerDeclaration

    def _take_back(self, instance: SagaInstance, status: SagaInstance.Status, ended: Recorded) -> None:
        """End a story from outside by itself, if there is anything to take back."""
        story = Story(instance.key, ended.recorded_at, caused_by=_cause(ended))
        with moves.carrying(self.name, [story]), context.alone(story.caused_by):
            took_back = moves.undo_before(self.steps, instance, story)
        if took_back:
            awaits = instance.awaits
            moves.end(instance, status, clock.now())
            instance.awaits = awaits
            self._save(instance, moment(clock.now(), ended.type, step=awaits, took_back=took_back))

    def _save(self, instance: SagaInstance, happened: dict[str, Any]) -> None:
        """:raises ConcurrentChange: if the row is not as it was read."""
        known = instance.version
        moves.tell(instance, happened)
        moves.save([(instance, known)])


def _cause(recorded: Recorded) -> UUID | None:
    """Return the event that caused another, if it was another."""
    causation_id = recorded.metadata["causation_id"]
    return UUID(causation_id) if causation_id else None
