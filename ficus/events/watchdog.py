"""
Ends a worker that does not do its work, so that its supervisor starts a new one, and says why.

After an outage of Redis a Celery worker may live on without taking anything. From outside it shows in two ways. Batches
wait in its queues, Redis answers, and yet no task begins; an idle worker is sent canaries, since what its connection
has fetched and it has not taken waits in no queue. Or the queues are empty, since somebody else takes what is in them,
and its cursors move by pull alone. A worker that was never served by push is not ended for the latter: a new one could
do no better. Nor do projections count: the relay process brings them up to date when they are far behind.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from celery import Celery
from django.db import DatabaseError, InterfaceError, connection

from ficus.events import options, overtime, push
from ficus.events.consumer import consumers
from ficus.events.models import Cursor
from ficus.events.projection import Projection

logger = logging.getLogger(__name__)

EXIT_CODE = overtime.EXIT_CODE
# A task in which no transaction has ended for so many times the time of a handler does not end at all.
_ENDLESS = 10
_LOOKS = 3
# A task that lasts longer has kept the worker from all queues.
_LONG_SECONDS = 1.0


class Ears:
    """
    What the worker has taken, and what has waited for it, by the clock of this process.

    :ivar task_since: when the task began that runs now; None between tasks.
    """

    def __init__(self, queues: Sequence[str]) -> None:
        self._quiet_since = dict.fromkeys(queues, time.monotonic())
        self.task_since: float | None = None

    def begin(self, queue: str) -> None:
        """Note that a task from the queue runs."""
        self.task_since = time.monotonic()
        if queue in self._quiet_since:
            self._quiet_since[queue] = self.task_since

    def end(self) -> None:
        """Note that the task has ended."""
        now = time.monotonic()
        if self.task_since is not None and now - self.task_since > _LONG_SECONDS:
            self.excuse()
        self.task_since = None

    def excuse(self) -> None:
        """Count no silence from before now."""
        self._quiet_since = dict.fromkeys(self._quiet_since, time.monotonic())

    def look(self, waiting: Mapping[str, int]) -> str:
        """Return in which way the worker is deaf, given how many batches wait in each queue; empty if it is not."""
        now = time.monotonic()
        for queue, count in waiting.items():
            if not count:
                self._quiet_since[queue] = now
            elif self.task_since is None and now - self._quiet_since[queue] > options.deaf_after_seconds():
                return f"it takes nothing, although {count} wait in {queue} for {now - self._quiet_since[queue]:.0f} s"
        return ""


class Pace:
    """Whether the cursors that the worker is to move are moved by push, or by pull alone."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self._pushed: set[str] = set()

    def serve(self, consumer: str, source: str, partition: int) -> None:
        """Note that a push has moved the cursor, which a look in between might not see."""
        self._pushed.add(_name(consumer, source, partition))

    def look(self, cursors: Iterable[Cursor], *, working: bool) -> str:
        """
        Return which cursor moves by pull alone though this worker has seen it pushed; empty if none does.

        :param working: whether a task runs, which then may well be pulling.
        """
        found = ""
        for cursor in cursors:
            name = _name(cursor.consumer, cursor.source, cursor.partition)
            moves = self._positions.get(name, cursor.position) != cursor.position
            self._positions[name] = cursor.position
            if cursor.pulled_since is None:
                self._pushed.add(name)
            elif moves and not working and name in self._pushed:
                seconds = (cursor.moved_at - cursor.pulled_since).total_seconds()
                if seconds > options.deaf_after_seconds():
                    found = f"{name} is moved by pull alone for {seconds:.0f} s"
        return found


def _name(consumer: str, source: str, partition: int) -> str:
    return f"{consumer} at {source}/{partition}"


_ears = Ears(())
_pace = Pace()


def begin(queue: str) -> None:
    """Note that a task from the queue runs."""
    _ears.begin(queue)


def end() -> None:
    """Note that a task has ended."""
    _ears.end()


def serve(consumer: str, source: str, partition: int) -> None:
    """Note that a push has moved that cursor here."""
    _pace.serve(consumer, source, partition)


def start(app: Celery, queues: Sequence[str]) -> None:
    """Watch this process from a thread of its own, from now on. To be called by the main thread."""
    global _ears
    _ears = Ears(queues)
    overtime.start()
    threading.Thread(target=_watch, args=(app, _ears, _pace, queues), name="watchdog", daemon=True).start()


def _watch(app: Celery, ears: Ears, pace: Pace, queues: Sequence[str]) -> None:
    client, canary_queue = push.connect(), app.conf.task_default_queue
    while True:
        time.sleep(options.deaf_after_seconds() / _LOOKS)
        try:
            waiting = {queue: int(client.llen(queue)) for queue in queues}
            reason = ears.look(waiting)
            reason = reason or pace.look(_cursors(), working=ears.task_since is not None) or _endless(ears)
            if not reason and not any(waiting.values()):
                app.send_task(push.CANARY, queue=canary_queue, retry=False, ignore_result=True)
        except (*push.BROKER_ERRORS, DatabaseError, InterfaceError):
            # With Redis or the database away nobody can be deaf.
            connection.close()
            ears.excuse()
            continue
        if reason:
            _exit(reason)


def _cursors() -> Iterable[Cursor]:
    served = [name for name, consumer in consumers().items() if not isinstance(consumer, Projection)]
    return Cursor.objects.filter(consumer__in=served, source__in=options.sources())


def _endless(ears: Ears) -> str:
    since = ears.task_since
    begun = max(filter(None, (since, overtime.last_end())), default=0.0)
    if since is None or time.monotonic() - begun <= _ENDLESS * options.handler_seconds():
        return ""
    where = overtime.stack_of(threading.main_thread().ident or 0)
    return f"one task takes {time.monotonic() - since:.0f} s and gets nowhere:\n{where}"


def _exit(reason: str) -> None:
    logger.critical("this worker ends, to be started anew: %s", reason)
    logging.shutdown()
    os._exit(EXIT_CODE)
