"""
Policies by name, and which target has which, as in Dapr's resiliency spec: read from settings, every mistake named.

    RESILIENCE = {
        "POLICIES": {
            "patient": {"timeout": {"call_seconds": 20, "try_seconds": 10}, "retry": {"attempts": 2}},
            "fragile": {"bulkhead": {"in_flight": 4}, "breaker": {"open_seconds": 30}},
        },
        "TARGETS": {
            "users": "fragile",                      # a gRPC upstream, by its name
            "https://rates.example.com": "patient",  # what is asked there over HTTP, whatever the path
        },
    }

What a policy does not say is as :mod:`ficus.resilience.terms` has it. So is every target that has none, unless there is
a policy of the name ``default``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from ficus.resilience.terms import Policy, Range

DEFAULT = "default"
PORTS = {"http": 80, "https": 443}
Stated = Mapping[str, Mapping[str, float]]


class InvalidPolicies(ValueError):
    """
    What settings say makes no sense.

    :ivar mistakes: each in a few words, with the place where it is.
    """

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(mistakes))


@dataclass(frozen=True)
class Policies:
    """What settings say, once it has been found to be without mistakes."""

    stated: Mapping[str, Stated]
    targets: Mapping[str, str]

    def stated_of(self, target: str) -> Stated:
        """Return what the policy of ``target`` says, by part and value; nothing if it has none."""
        return self.stated.get(self.targets.get(target, DEFAULT), {})

    def of(self, target: str, otherwise: Policy) -> Policy:
        """Return how ``target`` is called; ``otherwise`` says what its policy leaves open."""
        stated = self.stated_of(target)
        return replace(otherwise, **{name: replace(getattr(otherwise, name), **stated[name]) for name in stated})


def read(document: Any, upstreams: Collection[str] | None = None) -> Policies:
    """
    Return the policies of a project's settings.

    :param upstreams: names that a target may have besides addresses; any, unless given.
    :raises InvalidPolicies: with all that is wrong with ``document``.
    """
    mistakes = list(_mistakes(document, upstreams))
    if mistakes:
        raise InvalidPolicies(mistakes)
    targets = document.get("TARGETS", {})
    return Policies(document.get("POLICIES", {}), {_known_as(str(target)): name for target, name in targets.items()})


def origin(url: str) -> str:
    """Return the part of an address that names a target, such as ``https://rates.example.com``."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = "" if parts.port in (None, PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _known_as(target: str) -> str:
    return origin(target) if "://" in target else target


def _mistakes(document: Any, upstreams: Collection[str] | None) -> Iterator[str]:
    if not isinstance(document, Mapping):
        yield 'it must be an object with "POLICIES" and "TARGETS"'
        return
    yield from _unknown("", document, ("POLICIES", "TARGETS"))
    policies, targets = document.get("POLICIES", {}), document.get("TARGETS", {})
    if not isinstance(policies, Mapping) or not isinstance(targets, Mapping):
        yield "POLICIES and TARGETS must be objects"
        return
    for name, policy in policies.items():
        yield from _of_policy(f"POLICIES.{name}", policy)
    for target, name in targets.items():
        yield from _of_target(f"TARGETS.{target}", str(target), upstreams)
        if not isinstance(name, str) or name not in policies:
            yield f"TARGETS.{target}: there is no policy {name!r}{_meant(name, policies)}"


def _of_policy(place: str, policy: Any) -> Iterator[str]:
    if not isinstance(policy, Mapping):
        yield f"{place} must be an object"
        return
    known = parts()
    yield from _unknown(place, policy, tuple(known))
    for name in (name for name in known if name in policy):
        if isinstance(policy[name], Mapping):
            yield from _of_part(f"{place}.{name}", policy[name], known[name])
        else:
            yield f"{place}.{name} must be an object"


def _of_part(place: str, part: Mapping[str, Any], allowed: Mapping[str, tuple[type, Range]]) -> Iterator[str]:
    yield from _unknown(place, part, tuple(allowed))
    for name in (name for name in allowed if name in part):
        kind, span = allowed[name]
        value = part[name]
        is_number = isinstance(value, (int, float) if kind is float else int) and not isinstance(value, bool)
        if not is_number or not span.least <= value <= span.most:
            noun = "a number" if kind is float else "a whole number"
            yield f"{place}.{name} must be {noun} from {span.least:g} to {span.most:g}, not {value!r}"


def _of_target(place: str, target: str, upstreams: Collection[str] | None) -> Iterator[str]:
    if "://" not in target:
        if upstreams is not None and target not in upstreams:
            yield f"{place} is neither an upstream nor an address{_meant(target, upstreams)}"
        return
    try:
        parts = urlsplit(target)
        is_origin = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_origin = False
    if not is_origin or parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        yield f"{place} must be a scheme and a host, perhaps with a port, such as https://rates.example.com"


def _unknown(place: str, given: Mapping[str, Any], allowed: tuple[str, ...]) -> Iterator[str]:
    for name in given:
        if name not in allowed:
            yield f"{place + '.' if place else ''}{name} is unknown{_meant(name, allowed)}"


def _meant(name: Any, known: Any) -> str:
    names = [str(each) for each in known]
    close = get_close_matches(str(name), names, n=1)
    return f"; perhaps {close[0]} is meant" if close else f"; there are {', '.join(names)}" if names else ""


@cache
def parts() -> Mapping[str, Mapping[str, tuple[type, Range]]]:
    """Return for each part of a policy what it may say: the kind of number, and its range."""
    hints = get_type_hints(Policy)
    return {each.name: _values(hints[each.name]) for each in fields(Policy)}


def _values(part: type) -> Mapping[str, tuple[type, Range]]:
    hints = get_type_hints(part, include_extras=True)
    return {name: get_args(hint)[:2] for name, hint in hints.items() if get_origin(hint) is Annotated}
