"""What happened in a story, as moments in a JSON list; appended in the database where many rows change at once."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, JSONField
from django.db.models.sql.compiler import SQLCompiler


def moment(at: datetime, what: str, event_id: UUID | None = None, **more: Any) -> dict[str, Any]:
    """
    Return one entry of a timeline: when, what, and which event brought it, if one did.

    :param more: whatever else is to be told, and left out where empty: ``step`` that it is about, which ``attempt`` at
        asking for it, the deadline ``until``, the steps it ``took_back``, ``by`` whom and ``why``.
    """
    told = {"at": at.isoformat(), "what": what, "event": str(event_id) if event_id else ""}
    return told | {name: _plain(value) for name, value in more.items() if value}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


class Appended(Func):
    """The row's ``timeline`` with one more moment at its end, as an expression for ``update()``."""

    output_field = JSONField()

    def __init__(self, happened: dict[str, Any]) -> None:
        super().__init__("timeline")
        self._happened = happened

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"json_insert({sql}, '$[#]', json(%s))", [*params, json.dumps(self._happened)]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{sql} || %s::jsonb", [*params, json.dumps([self._happened])]
