"""Carries stories on with answers, many stories at once: what a group of them does alike is done in one call."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ficus import context, crash
from ficus.events.recorded import Recorded
from ficus.events.schema import Event
from ficus.sagas import moves, registry
from ficus.sagas.declaration import Step, Story, perform
from ficus.sagas.models import SagaInstance
from ficus.sagas.moves import DONE, REFUSED, RUNNING
from ficus.sagas.timeline import moment

if TYPE_CHECKING:
    from ficus.sagas.saga import Saga

Answer = tuple[Event, Recorded]


@dataclass(frozen=True, slots=True)
class Turn:
    """One story that goes on by one answer."""

    instance: SagaInstance
    story: Story
    received: Recorded

    def tell(self, outcome: str, **told: Any) -> None:
        what = f"{self.received.type}: {outcome}"
        moves.tell(self.instance, moment(self.story.at, what, self.received.id, **told))


def hear(stories: dict[UUID, SagaInstance], answers: Sequence[Answer], *, key: str, at: datetime) -> None:
    """
    Carry the stories on, each by its own declaration; saving them is left to the caller.

    :param key: field of the answers that names the story.
    :raises NewerDeclaration: if a story is only known to newer code.
    """
    for round in _rounds(answers, key):
        heard: dict[Saga, list[Turn]] = defaultdict(list)
        for event, received in round:
            instance = stories[getattr(event, key)]
            story = Story(instance.key, at, event, caused_by=received.id)
            heard[registry.of(instance)].append(Turn(instance, story, received))
        for saga, turns in heard.items():
            _hear(saga, turns)


def _rounds(answers: Sequence[Answer], key: str) -> list[list[Answer]]:
    """Split answers so that in each round every story has one, and all are in order."""
    rounds: list[list[Answer]] = []
    heard: dict[UUID, int] = defaultdict(int)
    for event, received in answers:
        story = getattr(event, key)
        if heard[story] == len(rounds):
            rounds.append([])
        rounds[heard[story]].append((event, received))
        heard[story] += 1
    return rounds


def _hear(saga: "Saga", turns: Sequence[Turn]) -> None:
    """Carry on stories of one declaration, those together that have the same answer to the same step."""
    groups: dict[tuple[int, bool, bool], list[Turn]] = defaultdict(list)
    for turn in turns:
        step, answer = moves.awaited(saga.steps, turn.instance), type(turn.story.event)
        if step is not None and answer in (step.done_by, step.refused_by):
            groups[saga.steps.index(step), answer is step.done_by, turn.instance.status == RUNNING].append(turn)
    for (place, done, in_time), alike in groups.items():
        step, following = saga.steps[place], saga.steps[place + 1 :]
        if not in_time:
            _take_back(saga, step, alike, done=done)
        elif not done:
            _end_refused(saga, step, alike)
        elif following:
            _ask(saga, step, following[0], alike)
        else:
            _end_done(saga, step, alike)


def _end_done(saga: "Saga", step: Step, turns: Sequence[Turn]) -> None:
    with moves.carrying(saga.name, _stories(turns)):
        perform(saga.when_done, _stories(turns))
    for turn in turns:
        moves.end(turn.instance, DONE, turn.story.at)
        turn.tell(f"{step.name} done", step=step.name)


def _end_refused(saga: "Saga", step: Step, turns: Sequence[Turn]) -> None:
    with moves.carrying(saga.name, _stories(turns)):
        undone = [_undo_before(saga, turn) for turn in turns]
        perform(saga.when_refused, _stories(turns))
    for turn, took_back in zip(turns, undone, strict=True):
        moves.end(turn.instance, REFUSED, turn.story.at)
        turn.tell(f"{step.name} refused", step=step.name, took_back=took_back)


def _undo_before(saga: "Saga", turn: Turn) -> list[str]:
    with context.alone(turn.story.caused_by):
        return moves.undo_before(saga.steps, turn.instance, turn.story)


def _ask(saga: "Saga", step: Step, following: Step, turns: Sequence[Turn]) -> None:
    for turn in turns:
        moves.wait_for(following, turn.instance, at=turn.story.at)
    if following.ask:
        with moves.carrying(saga.name, _stories(turns)):
            perform(following.ask, _stories(turns))
    for turn in turns:
        outcome, until = f"{step.name} done, asked to {following.name}", turn.instance.deadline_at
        turn.tell(outcome, step=following.name, attempt=1, until=until)


def _take_back(saga: "Saga", step: Step, turns: Sequence[Turn], *, done: bool) -> None:
    """Let answers that came too late have no effect."""
    took_back = [step.name] if done and step.undo else []
    if done and step.undo:
        with moves.carrying(saga.name, _stories(turns)):
            perform(step.undo, _stories(turns))
        crash.point("saga.after_undo")
    outcome = f"took back {step.name}" if took_back else f"nothing to take back of {step.name}"
    for turn in turns:
        turn.instance.awaits = ""
        turn.tell(f"too late, {outcome}", step=step.name, took_back=took_back)


def _stories(turns: Sequence[Turn]) -> list[Story]:
    return [turn.story for turn in turns]
