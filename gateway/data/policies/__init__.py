"""
What is done to every request before it is answered, in this order.

A policy is a plain function of one :class:`Request`. It sets what it found out, refuses by raising
:class:`Refusal`, and returns nothing, or an awaitable when it has to wait for something. One with a second parameter,
a :class:`Terms`, is done only on routes that have such terms, and costs the others nothing. To add one, write its file
and name it in ``NAMES``.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module

from gateway.data.policies.terms import Terms, terms_of
from gateway.data.routing.route import Route, Step

Policy = Callable[..., Awaitable[None] | None]

NAMES = (
    "canonicalise",
    "match",
    "security_headers",
    "cors",
    "head",
    "split",
    "rewrite",
    "authenticate",
    "require",
    "limit",
    "rate",
    "concurrency",
    "stream",
    "websocket",
    "compress",
    "cache",
    "retry",
    "fallback",
    "mirror",
)

# Each is the function of its name in the file of its name.
ORDER: tuple[Policy, ...] = tuple(getattr(import_module(f"{__name__}.{name}"), name) for name in NAMES)

BEFORE_ROUTE = ORDER[: NAMES.index("match") + 1]
# Of the policies that ask for terms: by kind, which is the function's name.
KINDS: dict[str, type[Terms]] = {policy.__name__: terms for policy in ORDER if (terms := terms_of(policy))}


def policies_of(route: Route) -> list[Policy]:
    """Return those that are done on the route, in their order."""
    return [policy for policy in ORDER if policy.__name__ not in KINDS or policy.__name__ in route.policies]


def steps_of(route: Route) -> tuple[Step, ...]:
    """Return what is done to a request of the route once it is found."""
    later = [policy for policy in policies_of(route) if policy not in BEFORE_ROUTE]
    return tuple(
        partial(policy, terms=route.policies[policy.__name__]) if policy.__name__ in KINDS else policy
        for policy in later
    )
