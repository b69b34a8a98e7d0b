"""
What services have really said to one another, recorded at each release: one line an event, as it went over the wire.

A release's folder is made from a running system and never changed: logs out there hold messages like these for ever.
"""

from dataclasses import replace
from pathlib import Path

import msgspec

from ficus.events.recorded import Recorded

FOLDER = Path(__file__).parent / "recorded"
RELEASES = sorted(path.name for path in FOLDER.iterdir())


def recorded(release: str, service: str) -> list[Recorded]:
    """Return what one customer's story left in a service's log, in order, as a log that holds nothing else."""
    lines = (FOLDER / release / f"{service}.jsonl").read_text().splitlines()
    told = [msgspec.json.decode(line, type=Recorded) for line in lines]
    return [replace(each, position=position) for position, each in enumerate(told, start=1)]
