"""What a saga's author writes: steps, and the functions that carry the story on. See ``saga.py`` for an example."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ficus import context
from ficus.events.schema import Event


@dataclass(frozen=True, slots=True)
class Story:
    """
    What a saga's functions are told. They run in the transaction that carries the story on.

    :ivar key: id of the thing the story is about.
    :ivar at: the instant at which the story goes on.
    :ivar event: the answer that carries it on; None at a deadline, and when a person asks again or aborts.
    :ivar reason: why a person aborts the story; empty otherwise.
    :ivar caused_by: id of the answer; None where ``event`` is.
    """

    key: UUID
    at: datetime
    event: Any = None
    reason: str = ""
    caused_by: UUID | None = None


Action = Callable[[Story], None]


@dataclass(frozen=True, slots=True)
class Together:
    """An action that takes many stories at once: what :func:`together` makes of a function."""

    take: Callable[[Sequence[Story]], None]

    def __call__(self, story: Story) -> None:
        self.take([story])


def together(take: Callable[[Sequence[Story]], None]) -> Together:
    """
    Make an action of a function that carries on many stories at once, or one in a list of one.

    For what is much cheaper in bulk. It does it for all or raises; then each story is carried on alone. Every event
    that it appends says which story it belongs to: ``caused_by`` of that story, as :func:`causes` lists them.
    """
    return Together(take)


def causes(stories: Sequence[Story]) -> Mapping[UUID, UUID | None]:
    """Return by key which event carries each story on."""
    return {story.key: story.caused_by for story in stories}


def perform(action: Action, stories: Sequence[Story]) -> None:
    """Do the action for every story: at once if it can take them so, or for each on behalf of its own cause."""
    if isinstance(action, Together):
        action.take(stories)
        return
    for story in stories:
        with context.alone(story.caused_by):
            action(story)


@dataclass(frozen=True, slots=True)
class Step:
    """
    Something asked of another service, and its answers.

    :ivar ask: asks for it, by appending an event; None if the event before asks already. It may be asked again.
    :ivar undo: takes it back: when a later step is refused or late, or when its own answer comes too late.
    :ivar within: how long the answer may take before the story ends as late; None waits for ever.
    """

    name: str
    _: KW_ONLY
    done_by: type[Event]
    refused_by: type[Event] | None = None
    ask: Action | None = None
    undo: Action | None = None
    within: timedelta | Callable[[], timedelta] | None = None

    def deadline(self, asked_at: datetime) -> datetime | None:
        """Return the instant at which the answer is late."""
        within = self.within() if callable(self.within) else self.within
        return asked_at + within if within is not None else None
