"""
Pulls what was pushed in vain: a consumer reads its sources' logs from its own cursor on.

This is what makes losing every message harmless. It runs at start, on a gap, and once a second when the cursor has
stood still, so that it keeps out of the way while pushing works.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf

from django.utils import timezone

from ficus import crash
from ficus.events import cursors, fresh, inbox, options
from ficus.events.chores import Chore
from ficus.events.consumer import Consumer, consumers
from ficus.events.feeds import feed
from ficus.events.inbox import Batch
from ficus.events.partitions import WHOLE, Partition, parts
from ficus.events.projection import Projection

# A worker that finds another at work on the same part so often in a row is free for other parts.
WORKERS_PATIENCE = 3
# Whoever is told of fresh events comes first: the relay process lets workers pass, and they find it slow.
PAUSE_SECONDS = 0.2

# Since when each consumer of this process has read each part of each source to its end without a failure.
_followed_since: dict[tuple[str, str, Partition], datetime] = {}


def followed_since() -> datetime | None:
    """
    Return since when this process has followed all its sources without a break, or None while one cannot be read.

    Whoever waits for an answer may count on having heard it only from then on. Known in the relay process alone.
    """
    followed = [(consumer.name, source, part) for consumer, source, part in _followings()]
    since = [_followed_since.get(each) for each in followed]
    known = [instant for instant in since if instant is not None]
    return max(known, default=datetime.min.replace(tzinfo=UTC)) if len(known) == len(followed) else None


def pull(
    consumer: Consumer,
    source: str,
    part: Partition | None = None,
    *,
    patience: float = inf,
    pause_seconds: float = 0.0,
    pushed: bool = False,
) -> int:
    """
    Apply what stands in the source's log behind the consumer's cursor; return how many events were read.

    :param part: the part to pull; if none is given, or the consumer follows in another number of parts, all of them.
    :param patience: after how many batches in a row that somebody else had applied it leaves the part to him.
    :param pushed: whether a push is why.
    :param pause_seconds: between batches, for others who want to pull the same.
    :raises Unavailable: if the source does not answer.
    """
    its_parts = cursors.parts_of(consumer.name, source)
    chosen = [part] if part in its_parts else its_parts
    return sum(_Pull(consumer, source, each, patience, pause_seconds, pushed).run() for each in chosen)


@dataclass(slots=True)
class _Pull:
    consumer: Consumer
    source: str
    part: Partition
    patience: float
    pause_seconds: float
    pushed: bool
    read: int = 0
    in_vain: int = 0

    def run(self) -> int:
        while self.in_vain < self.patience:
            start = self._position()
            crash.point("catch_up.before_read")
            for batch in feed(self.source).read(start, self.part):
                if not self._take(batch):
                    break
                crash.point("catch_up.between_batches")
                time.sleep(self.pause_seconds)
            if self._position() == start:
                break
        crash.point("catch_up.after_read")
        return self.read

    def _take(self, batch: Batch) -> bool:
        """Apply a batch; return whether to go on with the next one behind it."""
        lane = fresh.Lane(self.consumer, batch)
        batch = replace(batch, pushed=self.pushed)
        moves = inbox.advance(self.consumer, batch, at=timezone.now(), between=lane.serve_now_and_then)
        if moves is None:
            return False
        self.read += len(batch.events)
        self.in_vain = 0 if moves else self.in_vain + 1
        return bool(moves)

    def _position(self) -> int:
        return cursors.position(self.consumer.name, self.source, self.part)


class CatchUp:
    """Keeps one consumer up with one part of one source, as long as nothing else does."""

    def __init__(self, consumer: Consumer, source: str, part: Partition = WHOLE) -> None:
        self._consumer, self._source, self._part = consumer, source, part
        self._seen, self._adopted = -1, False

    def run(self) -> None:
        """Pull if the cursor has not moved since the last time, and note whether the source can be followed."""
        followed = (self._consumer.name, self._source, self._part)
        try:
            self._adopt()
            self._pull_if_still()
        except Exception:
            _followed_since.pop(followed, None)
            raise
        _followed_since.setdefault(followed, timezone.now())

    def _adopt(self) -> None:
        """Follow in as many parts as this process is told to: once, so that it does not fight one that is newer."""
        if not self._adopted:
            cursors.adopt(self._consumer.name, self._source, self._part.of)
            self._adopted = True

    def _pull_if_still(self) -> None:
        position = self._position()
        if self._seen in (-1, position):
            # Nobody else brings a projection up to date that is far behind.
            pause = 0.0 if isinstance(self._consumer, Projection) else PAUSE_SECONDS
            pull(self._consumer, self._source, self._part, patience=1, pause_seconds=pause)
            position = self._position()
        self._seen = position

    def _position(self) -> int:
        return cursors.position(self._consumer.name, self._source, self._part)


def chores() -> list[Chore]:
    """Return one chore for each consumer of this process and each part of each log that it can follow."""
    return [
        Chore(f"catch-up of {consumer.name} with {_named(source, part)}", CatchUp(consumer, source, part).run)
        for consumer, source, part in _followings()
    ]


def _named(source: str, part: Partition) -> str:
    return source if part == WHOLE else f"{source}, part {part}"


def _followings() -> list[tuple[Consumer, str, Partition]]:
    return [
        (consumer, source, part)
        for consumer in consumers().values()
        for source in options.followed_by(consumer)
        for part in parts(options.partitions(consumer.name))
    ]
