"""The process's guards, one per target, each with the policy that settings name for it. Calls are made elsewhere."""

import threading

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ficus.resilience.guard import Guard
from ficus.resilience.policies import InvalidPolicies, Policies, read
from ficus.resilience.terms import Policy

BY_SEMANTICS = Policy()
_guards: dict[str, Guard] = {}
_lock = threading.Lock()


def guard_of(target: str, otherwise: Policy = BY_SEMANTICS) -> Guard:
    """
    Return the guard that every caller of ``target`` in this process shares.

    :param otherwise: what holds where the target's policy says nothing.
    :raises ImproperlyConfigured: if ``settings.RESILIENCE`` makes no sense.
    """
    guard = _guards.get(target)
    if guard is None:
        with _lock:
            guard = _guards.setdefault(target, Guard(target, _policies().of(target, otherwise)))
    return guard


def forget_all() -> None:
    """Start again with closed breakers and read the settings anew, as a new process would; for tests."""
    with _lock:
        _guards.clear()


def _policies() -> Policies:
    try:
        return read(getattr(settings, "RESILIENCE", {}))
    except InvalidPolicies as error:
        raise ImproperlyConfigured(f"RESILIENCE: {error}") from None
