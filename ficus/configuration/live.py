"""
What is in force in this process at this moment: a look into a dict, never a question to anybody.

    if live.is_on("ask_credit_first", customer_id): ...
    within = timedelta(seconds=live.value("orders.deadline_seconds"))

The environment goes before what is set centrally, and that before the default. In a process that does not follow the
store (``following``) nothing is set centrally.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from ficus.configuration import groups
from ficus.configuration.groups import Calls, Switches, of_prefix
from ficus.configuration.settings import Setting
from ficus.resilience import registry, switches
from ficus.telemetry import tracing

logger = logging.getLogger(__name__)

Values = Mapping[str, Any]
Listener = Callable[[Values], object]

SLICES = 10_000  # a hundredth of a percent each

_values: Values = {}
_listeners: list[Listener] = []
_lock = threading.Lock()


def value(name: str) -> Any:
    """
    Return what is in force.

    :raises KeyError: if no such setting is declared.
    """
    try:
        return _values[name]
    except KeyError:
        setting = groups.find(name)
        if setting is None:
            raise
        return resolved(setting, {})


def is_on(flag: str, subject: object) -> bool:
    """
    Say whether a feature is on for somebody. He keeps the answer, and who has it keeps it while the share grows.

    :param subject: whom or what it is on for; its text form identifies it.
    :raises KeyError: if no such flag is declared.
    """
    share: float = value(f"flags.{flag}")
    return _slice(f"{flag}:{subject}") < share * SLICES / 100


def resolved(setting: Setting, central: Values) -> Any:
    """Return which value is in force if that is set centrally."""
    stated = setting.stated
    return stated if stated is not None else central.get(setting.name, setting.default)


def use(central: Values) -> None:
    """Put in force what is set centrally; it must have been checked."""
    global _values
    with _lock:
        _values = {
            setting.name: resolved(setting, central)
            for group in groups.groups()
            if isinstance(group, groups.Fixed)
            for setting in group.listed()
        }
        _take_effect(_values, central)
        for listener in list(_listeners):
            _tell(listener)


def listen(listener: Listener) -> Callable[[], None]:
    """
    Have ``listener`` be told the values in force now and whenever they change, in the thread that hears of it.

    :return: what ends that.
    """
    with _lock:
        _listeners.append(listener)
        if _values:
            _tell(listener)

    def end() -> None:
        with _lock:
            _listeners.remove(listener)

    return end


def _tell(listener: Listener) -> None:
    try:
        listener(_values)
    except Exception:  # the others have to hear of it all the same
        logger.exception("what changed could not be put in force by %r", listener)


def _take_effect(values: Values, central: Values) -> None:
    logging.getLogger().setLevel(values["log.level"])
    tracing.sample(values["tracing.sampled_share"])
    stated: dict[str, dict[str, dict[str, float]]] = {}
    for name, number in of_prefix(Calls.PREFIX, central).items():
        if groups.find(f"{Calls.PREFIX}{name}"):
            target, part, which = name.rsplit(".", 2)
            stated.setdefault(target, {}).setdefault(part, {})[which] = number
    registry.use(stated)
    # Also those that this process cannot know: a stub may be loaded at its first call.
    switches.use(call for call, is_off in of_prefix(Switches.PREFIX, central).items() if is_off is True)


def _slice(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % SLICES
