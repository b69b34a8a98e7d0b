"""Which failed requests are sent again, by their route; when is said by :mod:`ficus.resilience.retrying`."""

from typing import TYPE_CHECKING

from ficus.resilience import retrying
from ficus.resilience.retrying import KEPT_BODY as KEPT_BODY
from ficus.resilience.retrying import PASSING as PASSING

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request
    from gateway.data.upstream.guard import Guard

IDEMPOTENT = frozenset(method.encode() for method in retrying.IDEMPOTENT)
WITH_KEY = frozenset(method.encode() for method in retrying.WITH_KEY)


def attempts_allowed(request: "Request") -> int:
    terms = request.route.policies.get("retry")
    return terms.attempts if terms is not None else retrying.DEFAULT.attempts


def may_repeat(request: "Request") -> bool:
    """
    Say whether the service may get the request twice (RFC 9110, section 9.2.2).

    POST and PATCH only with a key by which it knows the second one, and where the route says that it does.
    """
    if request.method in IDEMPOTENT:
        return True
    if request.method not in WITH_KEY or b"idempotency-key" not in request.fields:
        return False
    terms = request.route.policies.get("retry")
    return terms is not None and terms.unsafe


def keeps_body(request: "Request") -> bool:
    """Say whether the body is kept while it is sent, so that it can be sent again; it may yet turn out too large."""
    return (request.length is None or request.length <= KEPT_BODY) and may_repeat(request)


def pause_before_next(
    request: "Request", guard: "Guard", attempts: int, seconds_left: float, retry_after: float = 0.0
) -> float | None:
    """Return for how many seconds to wait before the next attempt, or None if there is to be none."""
    if attempts >= attempts_allowed(request):
        return None
    return retrying.pause_before_next(attempts, seconds_left, guard.breaker, guard.budget, asked=retry_after)


def retry_after(headers: "list[Field]") -> float:
    """Return the seconds that an answer asks to wait, 0 if it does not ask."""
    for name, value in headers:
        if name == b"retry-after":
            return retrying.seconds_asked(value.decode("latin-1"))
    return 0.0
