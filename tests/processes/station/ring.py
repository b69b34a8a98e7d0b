"""
Rings bells, as told on standard input: ``<times> <seconds>`` rings so often, each in a transaction of its own.

``-`` before the line makes new bells first. Answers each line when it is done.
"""

import sys
from collections import Counter
from uuid import UUID, uuid4

import django

django.setup()

from django.db import transaction  # noqa: E402

from ficus.events import log  # noqa: E402
from tests.processes.station.handlers import Rang  # noqa: E402

BELLS = 5


def ring(bells: list[UUID], versions: Counter[UUID], times: int, seconds: float) -> None:
    for time in range(times):
        bell = bells[time % len(bells)]
        versions[bell] += 1
        with transaction.atomic():
            log.append(Rang(bell=bell, seconds=seconds), version=versions[bell])


def main() -> None:
    bells, versions = [uuid4() for _ in range(BELLS)], Counter[UUID]()
    print("ready", flush=True)
    for line in sys.stdin:
        if line.startswith("-"):
            bells = [uuid4() for _ in range(BELLS)]
        times, seconds = line.lstrip("-").split()
        ring(bells, versions, int(times), float(seconds))
        print("done", flush=True)


main()
