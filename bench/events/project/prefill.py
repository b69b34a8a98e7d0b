"""
Fills ficus' log up to a number of events, as if they had been announced and handled: ``python -m ... 1000000``.

Copies an event that the project itself announced, in the database, with ids and positions of its own; moves the cursors
behind them, and has the database tidy up. Nothing else may be running.
"""

import sys

import django
from django.db import connection

OWN = {"number", "position", "id", "aggregate_id"}
TIDY = {"postgresql": ["VACUUM ANALYZE", "CHECKPOINT"], "sqlite": ["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"]}
SERIES = {
    "postgresql": ("generate_series(%s::bigint, %s::bigint) AS series(n)", "gen_random_uuid()"),
    "sqlite": (
        "(WITH RECURSIVE s(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM s WHERE n < %s) SELECT n FROM s)",
        "lower(hex(randomblob(16)))",
    ),
}


def fill(total: int) -> int:
    """Bring the log to ``total`` events, unless it has more; return how many it has."""
    from ficus.events.models import Cursor, LogEntry

    last = LogEntry.objects.order_by("-number").values_list("number", flat=True)[0]
    if last < total:
        _copy(last + 1, total)
        Cursor.objects.update(position=total)
    with connection.cursor() as cursor:
        for statement in TIDY[connection.vendor]:
            cursor.execute(statement)
    return max(last, total)


def _copy(first: int, last: int) -> None:
    from ficus.events.models import LogEntry

    table = connection.ops.quote_name(LogEntry._meta.db_table)
    others = [field.column for field in LogEntry._meta.concrete_fields if field.column not in OWN]
    names = ", ".join(others)
    series, some_id = SERIES[connection.vendor]
    statement = (
        f"INSERT INTO {table} (number, position, id, aggregate_id, {names}) "
        f"SELECT n, n, {some_id}, {some_id}, {names} FROM {series}, (SELECT * FROM {table} LIMIT 1) AS sample"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [first, last])
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'number'), %s)", [LogEntry._meta.db_table, last])


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
