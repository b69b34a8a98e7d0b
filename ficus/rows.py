"""Writes many rows of one model at once. ``bulk_create`` builds an expression for each value, at twice the cost."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, BigAutoField, Field, Model

# Rows in one statement, where it takes several.
_AT_ONCE = 100


def insert(rows: Sequence[Model]) -> None:
    """
    Insert new rows in the order given. The objects stay without the keys that the database gives.

    What ``save`` and ``bulk_create`` do besides, such as ``auto_now`` and signals, is not done.

    :raises IntegrityError: if a constraint refuses any of them; the transaction must be rolled back.
    """
    if not rows:
        return
    # The connection itself: its proxy looks it up again for each value.
    connection = connections[DEFAULT_DB_ALIAS]
    head, places, fields = _insert(type(rows[0]))
    values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite" and len(rows) > 1:
            cursor.executemany(f"{head} VALUES {places}", values)
        else:
            # PostgreSQL would parse and plan the statement anew for each row.
            for start in range(0, len(rows), _AT_ONCE):
                some = values[start : start + _AT_ONCE]
                cursor.execute(f"{head} VALUES {', '.join([places] * len(some))}", list(chain.from_iterable(some)))
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@lru_cache(maxsize=100)
def _insert(model: type[Model]) -> tuple[str, str, list["Field[Any, Any]"]]:
    """Return the statement up to its values, the places of one row, and the fields that go there."""
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField | BigAutoField)]
    names = ", ".join(quoted(str(field.column)) for field in fields)
    return f"INSERT INTO {quoted(model._meta.db_table)} ({names})", f"({', '.join(['%s'] * len(fields))})", fields


def update(changed: Sequence[tuple[Model, int]], names: Sequence[str]) -> int:
    """
    Write fields of many rows, each of them only if it still has a certain ``version``.

    :param changed: each row as it is to be, and the version that it must have; all of one model.
    :return: how many rows were written; if it is fewer than were given, the transaction should be rolled back.
    """
    if not changed:
        return 0
    connection = connections[DEFAULT_DB_ALIAS]
    statement, fields = _update(type(changed[0][0]), tuple(names))
    values = [
        [*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields), version]
        for row, version in changed
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
        return int(cursor.rowcount)


@lru_cache(maxsize=100)
def _update(model: type[Model], names: tuple[str, ...]) -> tuple[str, list["Field[Any, Any]"]]:
    """Return the statement, and the fields whose values it takes before the version."""
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    by_name: dict[str, Field[Any, Any]] = {field.name: field for field in model._meta.concrete_fields}
    fields, key = [by_name[name] for name in names], model._meta.pk
    places = ", ".join(f"{quoted(str(field.column))} = %s" for field in fields)
    table, id = quoted(model._meta.db_table), quoted(str(key.column))
    return f"UPDATE {table} SET {places} WHERE {id} = %s AND version = %s", [*fields, key]  # noqa: S608 - from models alone
