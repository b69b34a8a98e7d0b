"""
The process's guards, one per target. Calls are made elsewhere.

Each has the policy that settings name for it; what that leaves open, ``use`` may say while the process runs.
"""

import threading
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ficus.resilience.guard import Guard
from ficus.resilience.policies import DEFAULT, InvalidPolicies, Policies, Stated, read
from ficus.resilience.terms import Policy

BY_SEMANTICS = Policy()
_guards: dict[str, Guard] = {}
_otherwise: dict[str, Policy] = {}
_live: Policies = Policies({}, {})
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
            _otherwise.setdefault(target, otherwise)
            guard = _guards.setdefault(target, Guard(target, policy_of(target, otherwise)))
    return guard


def policy_of(target: str, otherwise: Policy) -> Policy:
    """
    Return how ``target`` is called: as settings say, else as ``use`` said of it or of ``default``, else ``otherwise``.

    :raises ImproperlyConfigured: as :func:`guard_of` does.
    """
    for name in (DEFAULT, target):
        otherwise = _live.of(name, otherwise) if name in _live.stated else otherwise
    return _policies().of(target, otherwise)


def use(stated: Mapping[str, Stated]) -> None:
    """Have targets, and ``default`` for all of them, be called by these values from now on, where settings say none."""
    global _live
    with _lock:
        _live = Policies(stated, {target: target for target in stated})
        for target, guard in _guards.items():
            guard.use(policy_of(target, _otherwise[target]))


def forget_all() -> None:
    """Start again with closed breakers and read the settings anew, as a new process would; for tests."""
    global _live
    with _lock:
        _guards.clear()
        _otherwise.clear()
        _live = Policies({}, {})


def _policies() -> Policies:
    try:
        return read(getattr(settings, "RESILIENCE", {}))
    except InvalidPolicies as error:
        raise ImproperlyConfigured(f"RESILIENCE: {error}") from None
