"""Optional policy: how often each may ask."""

from collections.abc import Awaitable, Collection, Iterable, Sequence
from functools import cached_property, partial
from typing import Annotated

from msgspec import Meta

from gateway.data.limiting.fields import Field, policy_field, seconds, state_field
from gateway.data.limiting.gcra import Rate as Speed
from gateway.data.limiting.gcra import until_next
from gateway.data.limiting.keys import key_of
from gateway.data.limiting.limiter import Verdict
from gateway.data.limiting.quota import BadLimit, By, Quota, parsed
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Access, Route

MOST_LIMITS = 8


class Rate(Terms, frozen=True, dict=True):
    """Let only so many requests through in a time; those beyond get 429 and hear when to come back."""

    limits: Annotated[
        list[Annotated[str, Meta(max_length=100)]],
        Meta(
            min_length=1,
            max_length=MOST_LIMITS,
            description="One a line, and all of them hold. Counted by subject, client, address or route.",
            examples=[["100/minute by subject", "5/10s by address burst 2"]],
        ),
    ]
    exact: Annotated[
        bool,
        Meta(description="Have Redis decide about each request; else workers tell each other ten times a second."),
    ] = False
    bucket: Annotated[
        str, Meta(max_length=100, description="Routes that say the same name here share their limits.")
    ] = ""

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        found = []
        for line in self.limits:
            try:
                found.append(parsed(line))
            except BadLimit as error:
                yield str(error)
        names = [quota.name.decode() for quota in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"two limits are {name}; of one window and one kind there is one"
        if route.access is Access.PUBLIC and any(quota.by in (By.SUBJECT, By.CLIENT) for quota in found):
            yield f"with access: {Access.PUBLIC} nobody is known; count by address or route"

    @cached_property
    def quotas(self) -> tuple[Quota, ...]:
        return tuple(parsed(line) for line in self.limits)

    def starts(self, route: str) -> tuple[tuple[bytes, By], ...]:
        """Return how the key of each limit begins on a route, and whose it is besides."""
        found = self._starts.get(route)
        if found is None:
            bucket = (self.bucket or route).encode()
            found = tuple((b"%b:%b:" % (bucket, quota.name), quota.by) for quota in self.quotas)
            self._starts[route] = found
        return found

    @cached_property
    def _starts(self) -> dict[str, tuple[tuple[bytes, By], ...]]:
        return {}

    @cached_property
    def rates(self) -> tuple[Speed, ...]:
        return tuple(quota.rate for quota in self.quotas)

    @cached_property
    def told(self) -> Field:
        return policy_field(self.quotas)


def rate(request: Request, terms: Rate) -> Awaitable[None] | None:
    """
    Count the request, and have the client told what is left.

    :raises Refusal: 429 if a limit is reached; then none of them counts it.
    """
    keys = [start + key_of(request, by) for start, by in terms.starts(request.route.name)]
    limiter = request.gateway.limiter
    verdict = limiter.exactly(keys, terms.rates) if terms.exact else limiter.here(keys, terms.rates)
    if not isinstance(verdict, Verdict):
        return _later(request, terms, verdict)
    _follow(request, terms, verdict)
    return None


async def _later(request: Request, terms: Rate, verdict: Awaitable[Verdict]) -> None:
    _follow(request, terms, await verdict)


def _follow(request: Request, terms: Rate, verdict: Verdict) -> None:
    admitted, rates, debts, alone = verdict
    counts, route = request.gateway.limiter.counts, request.route.name
    if admitted:
        counts[route, "rate", "admitted alone" if alone else "admitted"] += 1
        _tell(request, terms.told, state_field(terms.quotas, rates, debts))
        return
    spent = [
        (quota, rate, debt)
        for quota, rate, debt in zip(terms.quotas, rates, debts, strict=True)
        if debt + rate.interval > rate.capacity
    ]
    for quota, _, _ in spent:
        counts[route, quota.name.decode(), "refused alone" if alone else "refused"] += 1
    _tell(request, terms.told, state_field(*zip(*spent, strict=True)))
    raise _refusal(spent)


def _tell(request: Request, *fields: Field) -> None:
    request.alterations = (*request.alterations, partial(_with, fields))


def _with(more: tuple[Field, ...], request: Request, status: int, fields: list[Field]) -> list[Field]:
    return [*fields, *more]


def _refusal(spent: Sequence[tuple[Quota, Speed, int]]) -> Refusal:
    wait = max(seconds(until_next(rate, debt)) for _, rate, debt in spent)
    return Refusal(
        429,
        "quota_exceeded",
        f"That is more than is allowed here; come back in {wait} s.",
        headers=((b"retry-after", b"%d" % wait),),
        extra={"violated-policies": [quota.name.decode() for quota, _, _ in spent]},
    )
