"""What a statement of SQL changes, as far as its text tells. No database here."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_NAME = r'(?:"?\w+"?\s*\.\s*)?"?(?P<table>\w+)"?'
_CHANGE = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|MERGE\s+INTO|DELETE\s+FROM|UPDATE(?:\s+OR\s+\w+)?"
    rf"|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?{_NAME}",
    re.IGNORECASE,
)
# What follows in ``DO UPDATE SET`` and ``FOR UPDATE OF``.
_NO_TABLES = {"SET", "OF", "SKIP", "NOWAIT"}
_NOT_CODE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_SET = re.compile(r"^\s*UPDATE\s+\S+\s+SET\s+(?P<assigned>.*?)(?:\s+WHERE\s|\s+FROM\s|\s+RETURNING\s|$)", re.I | re.S)
_ASSIGNED = re.compile(r'"(\w+)"\s*=\s*(?:%s|NULL|\?)\s*(?:,|$)')
_COUNTED = re.compile(r"^\s*(?:INSERT|UPDATE|DELETE)\b(?!.*\bRETURNING\b)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Change:
    """
    :ivar columns: which columns an UPDATE sets, if that is all that can be in it; empty if unknown.
    :ivar counted: whether the driver's count of rows is the number that were changed.
    """

    table: str
    columns: frozenset[str]
    counted: bool

    def rows(self, count: int) -> int:
        """Return how many rows were changed for sure, given what the driver counted; -1 says that it cannot."""
        return count if self.counted and count >= 0 else 1


def text(sql: Any, cursor: Any) -> str:
    """Return a statement as text; psycopg composes some of it from objects."""
    return str(sql.as_string(getattr(cursor, "connection", None)) if hasattr(sql, "as_string") else sql)


@lru_cache(maxsize=2000)
def changes(sql: str) -> tuple[Change, ...]:
    """Return every table that the text may change, those in a CTE or behind a semicolon too."""
    code = _NOT_CODE.sub("''", sql)
    named = (match["table"] for match in _CHANGE.finditer(code))
    tables = [table for table in named if table.upper() not in _NO_TABLES]
    alone = len(tables) == 1
    counted = alone and bool(_COUNTED.match(code))
    return tuple(Change(table, _columns(code) if alone else frozenset(), counted) for table in tables)


def _columns(code: str) -> frozenset[str]:
    found = _SET.match(code)
    if found is None:
        return frozenset()
    columns, rest = _ASSIGNED.findall(found["assigned"]), _ASSIGNED.sub("", found["assigned"])
    return frozenset() if rest.strip() else frozenset(columns)
