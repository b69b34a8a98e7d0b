"""
What may change while a process runs. An app says it in its module ``live_settings``:

    SETTINGS = [
        Setting("orders.deadline_seconds", Number(1, 86_400), 120, "seconds that ...", "ORDER_DEADLINE_SECONDS"),
        flag("ask_credit_first", 100, "customers who are asked for their credit before an order is placed"),
    ]
"""

import os
from dataclasses import dataclass
from typing import Any

from ficus.configuration.kinds import Kind, Number

PERCENT = Number(0, 100)


@dataclass(frozen=True)
class Setting:
    """
    One value by its name.

    :ivar meaning: with the unit.
    :ivar variable: of the environment that goes before what is set centrally; empty if there is none.
    :ivar said: what a part of ``variable`` says of it, where it has none to itself; None if nothing.
    """

    name: str
    kind: Kind
    default: Any
    meaning: str
    variable: str = ""
    said: Any = None

    @property
    def stated(self) -> Any:
        """What the environment says, or None; a mistake there keeps a process from starting (``accept``)."""
        value = self.said if self.said is not None else self.kind.read(os.environ.get(self.variable, ""))
        return value if self.kind.allows(value) else None

    def mistake(self, value: Any) -> str:
        """Return what is wrong with ``value``, or nothing."""
        return "" if self.kind.allows(value) else f"{self.name} must be {self.kind}, not {value!r}"


def flag(name: str, percent: float, meaning: str) -> Setting:
    """Return the setting of a feature that is on for a share of its subjects; ``live.is_on`` asks for it."""
    return Setting(f"flags.{name}", PERCENT, percent, f"percent of {meaning}", f"FLAG_{name.upper()}")
