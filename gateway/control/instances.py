"""The instances of each service as the workers have them: where they are, how they do, what they run, since when."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.control.upstreams import Reported


@dataclass(frozen=True, slots=True)
class Seen:
    """
    One instance in the eyes of all workers.

    :ivar health: ``healthy``, or in how many workers it is, and else what it is.
    :ivar version: empty where nobody says.
    :ivar since: ISO 8601, of its start; empty likewise.
    :ivar source: ``registry``, or ``table`` where the table or settings name it.
    """

    service: str
    url: str
    health: str
    version: str
    since: str
    source: str


def seen(found: Iterable[Reported]) -> list[Seen]:
    """Return every instance of every service, by service and address."""
    told: dict[tuple[str, str], list[dict[str, str]]] = {}
    for each in found:
        for instance in each.state["instances"]:
            told.setdefault((each.service, instance["url"]), []).append(instance)
    return [
        Seen(service, url, _health(states), *_particulars(states)) for (service, url), states in sorted(told.items())
    ]


def _health(states: list[dict[str, str]]) -> str:
    healthy = sum(each["state"] == "healthy" for each in states)
    if healthy == len(states):
        return "healthy"
    words = sorted({each["state"] for each in states} - {"healthy"})
    faults = sorted({each["fault"] for each in states if each["fault"]})
    among = f" in {len(states) - healthy} of {len(states)} workers" if healthy else ""
    return f"{' or '.join(words)}{among}{': ' if faults else ''}{'; '.join(faults)}"


def _particulars(states: list[dict[str, str]]) -> tuple[str, str, str]:
    """Return version, start and source, of a worker that knows them; one that has just begun may not yet."""
    best = max(states, key=lambda each: each.get("source") == "registry")
    return best.get("version", ""), best.get("since", ""), best.get("source", "table")
