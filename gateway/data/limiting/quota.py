"""A limit as an operator writes it: ``100/minute by subject``, ``5/10s by address burst 2``."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gateway.data.limiting.gcra import Rate, rate

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
LONGEST_SECONDS = 86_400
FASTEST = 10_000  # requests a second; intervals are whole microseconds, and one of a hundred is exact to a hundredth

_FORM = re.compile(
    r"(?P<requests>[0-9]{1,9})\s*/\s*(?:(?P<unit>second|minute|hour|day)|(?P<seconds>[0-9]{1,6})\s*s)"
    r"\s+by\s+(?P<by>[a-z]+)(?:\s+burst\s+(?P<burst>[0-9]{1,9}))?"
)


class By(StrEnum):
    """
    Whose requests are counted together.

    SUBJECT   those of one person or program; of somebody who is not signed in, those of his address
    CLIENT    those of one OAuth client, whoever uses it; likewise
    ADDRESS   those of one IPv4 address or one /64 of IPv6, which is what one customer of a provider has
    ROUTE     all of the route
    """

    SUBJECT = "subject"
    CLIENT = "client"
    ADDRESS = "address"
    ROUTE = "route"


class BadLimit(Exception):
    """The line is no limit; the message says why."""


@dataclass(frozen=True, slots=True)
class Quota:
    """
    :ivar requests: so many in ``seconds``.
    :ivar burst: so many at once.
    :ivar name: under which clients and metrics know it.
    """

    requests: int
    seconds: int
    by: By
    burst: int
    name: bytes
    rate: Rate


@lru_cache(maxsize=4096)
def parsed(line: str) -> Quota:
    """:raises BadLimit: if it is none."""
    found = _FORM.fullmatch(line.strip())
    if not found:
        raise BadLimit(f"{line!r} is no limit; one is 100/minute by subject, or 5/10s by address burst 2")
    if found["by"] not in tuple(By):
        raise BadLimit(f"{line!r}: requests are counted by {', '.join(By)}, and not by {found['by']}")
    requests, by = int(found["requests"]), By(found["by"])
    seconds = int(found["seconds"]) if found["seconds"] else UNITS[found["unit"]]
    burst = int(found["burst"]) if found["burst"] else requests
    if fault := _fault(requests, seconds, burst):
        raise BadLimit(f"{line!r}: {fault}")
    return Quota(requests, seconds, by, burst, f"{by}-{seconds}".encode(), rate(requests, seconds, burst))


def _fault(requests: int, seconds: int, burst: int) -> str:
    if not requests:
        return "at least one request must be allowed"
    if not 1 <= seconds <= LONGEST_SECONDS:
        return f"a window has 1 to {LONGEST_SECONDS} seconds"
    if requests > FASTEST * seconds:
        return f"at most {FASTEST} requests a second can be counted"
    if not 1 <= burst <= requests:
        return "a burst has at least one request, and at most as many as the window"
    return ""
