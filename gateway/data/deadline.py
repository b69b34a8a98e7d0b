"""How much time a request has, and how much of it a service is given (semantics, section 3)."""

import re
from time import monotonic
from typing import TYPE_CHECKING, Final

from ficus.deadline import HOP_SECONDS, LEAST_SECONDS
from gateway.data.message.refusal import Refusal

if TYPE_CHECKING:
    from gateway.data.message.request import Request

DEFAULT_SECONDS = 5.0
LONGEST_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 10
_LEAST_LEFT: Final = HOP_SECONDS + LEAST_SECONDS

_TIMEOUT = re.compile(rb"[0-9]{1,9}")
_WAIT = re.compile(rb'(?:^|,)\s*wait\s*=\s*"?(\d{1,4})"?\s*(?:[,;]|$)', re.IGNORECASE)


def seconds_left(request: "Request") -> float:
    """
    Return how much of the request's time remains: the default, more where its route waits, less if the client says so.

    :raises Refusal: 400 if ``X-Request-Timeout-Ms`` is malformed; 504 if nothing worth forwarding is left.
    """
    route, given = request.route, request.fields.get(b"x-request-timeout-ms")
    allowed = route.seconds_allowed if given is None and not route.waits else _allowed(request, given)
    left = allowed - (monotonic() - request.arrived)
    if left < _LEAST_LEFT:
        raise Refusal(504, "deadline_exceeded", "No time is left to answer.")
    return left


def try_seconds(request: "Request") -> float:
    """Return how long one try may take."""
    route = request.route
    return route.timeout_seconds + wait_seconds(request) if route.waits else route.timeout_seconds


def wait_seconds(request: "Request") -> int:
    """Return N of ``Prefer: wait=N``, if the route waits; more than ``LONGEST_WAIT_SECONDS`` counts as that."""
    prefer = request.fields.get(b"prefer") if request.route.waits else None
    found = _WAIT.search(prefer) if prefer else None
    return min(int(found[1]), LONGEST_WAIT_SECONDS) if found else 0


def milliseconds_to_pass_on(left: float) -> int:
    """Return what the next hop is given of ``left`` seconds."""
    return int((left - HOP_SECONDS) * 1000)


def seconds_allowed(timeout_seconds: float, wait_seconds: int = 0) -> float:
    """Return how long a request may take from its arrival, on a route where one try may take ``timeout_seconds``."""
    return min(max(DEFAULT_SECONDS, timeout_seconds) + wait_seconds, LONGEST_SECONDS)


def _allowed(request: "Request", given: bytes | None) -> float:
    allowed = seconds_allowed(request.route.timeout_seconds, wait_seconds(request))
    if given is None:
        return allowed
    if not _TIMEOUT.fullmatch(given):
        raise Refusal(400, "bad_request", "X-Request-Timeout-Ms must be a whole number of milliseconds.")
    return min(allowed, int(given) / 1000)
