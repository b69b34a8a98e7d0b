"""
The one process of a service that gives entries their position and speaks to the broker about them.

It keeps no state: started anew, it pushes what comes from then on, and consumers pull the rest. It wakes by a poke,
looks once a second without one, and lingers between batches so that they grow; see ``pace``. A batch is pushed only to
an empty queue: a busy consumer gets larger batches rather than more of them, and Redis never fills.
"""

import logging
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, connection
from redis.client import PubSub

from ficus import crash
from ficus.events import log, options, poke, push, sequencer
from ficus.events.election import Candidate
from ficus.events.pace import SHORTEST_SECONDS, Pace
from ficus.events.partitions import WHOLE, Partition, parts
from ficus.events.push import Broker

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
# How often a full queue is looked at again, and an absent broker.
FULL_SECONDS = 0.020
AWAY_SECONDS = 1.0


class Rest(NamedTuple):
    """
    How long to leave the log alone.

    :ivar seconds: at least; what comes meanwhile makes the next batch larger.
    :ivar until_poked: whether nothing is left to do, so that whoever appends has to say so.
    """

    seconds: float
    until_poked: bool


class Outlet:
    """
    What has been pushed to one consumer of one part of the log.

    :ivar position: up to which this process has pushed, or found nothing to push.
    """

    def __init__(self, consumer: str, position: int, part: Partition = WHOLE) -> None:
        self.consumer, self.position, self.part = consumer, position, part
        self._pushed = position

    def push_next(self, broker: Broker, newest: int = 0) -> bool:
        """
        Push the next batch if the part's queue is empty; return whether it was.

        Who is far behind ``newest``, where the log ends, is pushed its end: he pulls the rest, fresh events first.
        """
        if broker.waiting(self.consumer, self.part):
            return False
        if newest - self.position > options.far_behind():
            self.position = self._pushed = newest - sequencer.BATCH
        events, upto = log.read_part(self.part, after=self.position, limit=sequencer.BATCH)
        if events:
            crash.point("relay.before_push")
            broker.push(self.consumer, self._pushed, events, self.part, upto)
            crash.point("relay.after_push")
            self._pushed = upto
        self.position = upto
        return True


def outlets_to(consumers: Sequence[str], position: int) -> list[Outlet]:
    """Return where to push from a position on: to each part of each consumer, and whole to the companions of parts."""
    outlets = []
    for consumer in consumers:
        its_parts = parts(options.partitions(consumer))
        outlets += [Outlet(consumer, position, part) for part in its_parts]
        if len(its_parts) > 1:
            outlets.append(Outlet(push.companions_of(consumer), position))
    return outlets


class Relay:
    """Runs until told to stop, through outages of the database and of Redis."""

    def __init__(self, consumers: Sequence[str], broker: Broker) -> None:
        self._consumers, self._broker = consumers, broker
        self._broker_away_until = 0.0
        self._candidate = Candidate()
        self._pace = Pace(0, at=time.monotonic())
        self._stopping, self._wake = threading.Event(), threading.Event()

    @property
    def stopping(self) -> threading.Event:
        return self._stopping

    def stop(self) -> None:
        """End ``run`` soon. Safe in a signal handler."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        ailing = False
        while not self._stopping.is_set():
            try:
                self._lead()
                ailing = False
            except (DatabaseError, InterfaceError) as error:
                if not ailing:
                    logger.warning("the relay waits for the database: %s", error)
                ailing = True
                connection.close()
                self._stopping.wait(AWAY_SECONDS)
        connection.close()

    def _lead(self) -> None:
        """Relay for as long as this connection holds the lock, once it is to be had."""
        if not self._candidate.win():
            logger.info("another relay is at work; this one stands by")
            while not self._candidate.win():
                if self._stopping.wait(POLL_SECONDS):
                    return
        crash.point("relay.after_lock")
        logger.info("relaying to %s", ", ".join(self._consumers) or "nobody")
        position = log.last_position()
        self._pace = Pace(position, at=time.monotonic())
        outlets = outlets_to(self._consumers, position)
        while not self._stopping.is_set():
            self._wake.clear()
            self._rest(self.relay_once(outlets))
        self._candidate.resign()

    def relay_once(self, outlets: Sequence[Outlet]) -> Rest:
        """Sequence and push what there is; return how long to rest before the next look."""
        crash.point("relay.before_sequencing")
        more = sequencer.assign() == sequencer.BATCH
        crash.point("relay.after_sequencing")
        newest = log.last_position()
        linger = self._pace.linger_seconds(newest, at=time.monotonic())
        behind = [outlet for outlet in outlets if outlet.position < newest]
        pushed = self._push(behind, newest)
        if more:
            return Rest(SHORTEST_SECONDS, until_poked=False)
        if not pushed:
            return Rest(0.0, until_poked=True)
        is_all = all(outlet.position >= newest for outlet in behind)
        return Rest(linger if any(pushed) else FULL_SECONDS, until_poked=is_all)

    def _push(self, behind: Sequence[Outlet], newest: int) -> list[bool]:
        """Return of each outlet whether anything was pushed to it; nothing if there are none, or no broker."""
        if not behind or time.monotonic() < self._broker_away_until:
            return []
        try:
            pushed = [outlet.push_next(self._broker, newest) for outlet in behind]
        except push.BROKER_ERRORS as error:
            self._miss_broker(error)
            return []
        self._find_broker()
        return pushed

    def _rest(self, rest: Rest) -> None:
        if self._stopping.wait(rest.seconds) if rest.seconds else self._stopping.is_set():
            return
        if rest.until_poked:
            self._wake.wait(POLL_SECONDS)

    def _miss_broker(self, error: Exception) -> None:
        if not self._broker_away_until:
            logger.warning("Redis does not take events; consumers pull them meanwhile: %s", error)
        self._broker_away_until = time.monotonic() + AWAY_SECONDS

    def _find_broker(self) -> None:
        if self._broker_away_until:
            logger.warning("Redis takes events again")
        self._broker_away_until = 0.0

    def listen(self) -> None:
        """Wake whenever somebody pokes; for a thread of its own."""
        while not self._stopping.is_set():
            try:
                with PubSub(push.connect().connection_pool, ignore_subscribe_messages=True) as pokes:
                    pokes.subscribe(poke.channel())
                    self._hear(pokes)
            except push.BROKER_ERRORS:
                self._stopping.wait(AWAY_SECONDS)

    def _hear(self, pokes: PubSub) -> None:
        while not self._stopping.is_set():
            if pokes.get_message(timeout=POLL_SECONDS / 2):
                crash.point("relay.poked")
                self._wake.set()
