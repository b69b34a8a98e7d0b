"""Bells ring, and are heard. Some take their time, and some take for ever."""

import time
from uuid import UUID

from ficus.events.consumer import Consumer, Received
from ficus.events.schema import Event, event
from tests.processes.station.models import Heard


@event("station.rang", version=1, aggregate="bell", key="bell")
class Rang(Event, frozen=True, kw_only=True):
    """:ivar seconds: how long it takes to hear; for ever if negative."""

    bell: UUID
    seconds: float


consumer = Consumer("station")


@consumer.handles(Rang)
def hear(rang: Rang, received: Received) -> None:
    ends_at = time.monotonic() + rang.seconds if rang.seconds >= 0 else float("inf")
    while time.monotonic() < ends_at:
        time.sleep(min(0.05, rang.seconds if rang.seconds > 0 else 0.05))
    Heard.objects.create(bell=rang.bell, version=received.aggregate_version, position=received.place())
