"""What a client is told of limits: draft-ietf-httpapi-ratelimit-headers-10, and Retry-After of RFC 9110."""

from collections.abc import Iterable, Sequence

from gateway.data.limiting.gcra import SECOND, Rate, remaining, until_next
from gateway.data.limiting.quota import Quota

Field = tuple[bytes, bytes]


def policy_field(quotas: Iterable[Quota]) -> Field:
    """Return what is allowed: so many requests (q) in so many seconds (w), for each limit by its name."""
    items = [b'"%b";q=%d;w=%d' % (quota.name, quota.requests, quota.seconds) for quota in quotas]
    return b"ratelimit-policy", b", ".join(items)


def state_field(quotas: Iterable[Quota], rates: Sequence[Rate], debts: Sequence[int]) -> Field:
    """
    Return what is left of each limit: no more than so many requests (r) in the next so many seconds (t).

    :param rates: by which the limits are kept at present.
    """
    items = [
        b'"%b";r=%d;t=%d' % (quota.name, remaining(rate, debt), seconds(until_next(rate, debt)))
        for quota, rate, debt in zip(quotas, rates, debts, strict=True)
    ]
    return b"ratelimit", b", ".join(items)


def seconds(microseconds: int) -> int:
    """Return whole seconds, rounded up, so that whoever waits so long has waited long enough."""
    return -(-microseconds // SECOND)
