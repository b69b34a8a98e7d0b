"""In what two documents of the table differ, line by line, as a person reads it."""

from dataclasses import dataclass
from typing import Any

import orjson

from gateway.control.entries import Document

ADDED, REMOVED, CHANGED = "+", "-", "~"


@dataclass(frozen=True, slots=True)
class Change:
    """
    One entry that differs.

    :ivar sign: ``+`` added, ``-`` removed, ``~`` changed.
    :ivar fields: name, value before and value after, as text; empty where the default applies.
    """

    sign: str
    kind: str
    name: str
    fields: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.sign} {self.kind} {self.name}"]
        for name, before, after in self.fields:
            if self.sign == CHANGED:
                lines.append(f"    {name}: {before or 'default'} -> {after or 'default'}")
            else:
                lines.append(f"    {name}: {before or after}")
        return "\n".join(lines)


def changes(before: Document, after: Document) -> list[Change]:
    """Return what has to be done to ``before`` to make it ``after``; nothing if they mean the same."""
    found = []
    for kind in ("services", "routes"):
        old, new = before.get(kind, {}), after.get(kind, {})
        for name in sorted({*old, *new}):
            change = _change(kind.removesuffix("s"), name, old.get(name), new.get(name))
            if change is not None:
                found.append(change)
    return found


def _change(kind: str, name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Change | None:
    if old == new:
        return None
    sign = ADDED if old is None else REMOVED if new is None else CHANGED
    old, new = old or {}, new or {}
    fields = tuple(
        (field, _text(old.get(field)), _text(new.get(field)))
        for field in dict.fromkeys((*old, *new))
        if old.get(field) != new.get(field)
    )
    return Change(sign, kind, name, fields)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
