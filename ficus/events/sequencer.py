"""
Gives committed entries of the log their position: dense, and in an order that no later commit can change.

PostgreSQL hands out numbers before it commits, so whoever reads by number can pass over an entry that commits later.
Positions are therefore given afterwards, by one process at a time. SQLite has one writer, and ``log.append`` sets them.
"""

from django.db import connection

BATCH = 500

# Whoever holds this session lock is the sequencer. Advisory locks are per database, so one constant serves all.
_LOCK = 0x6669637573  # "ficus"

_ASSIGN = """
    UPDATE ficus_events_logentry AS entry
    SET position = pending.position
    FROM (
        SELECT number, row_number() OVER (ORDER BY number) + coalesce(
            (SELECT max(position) FROM ficus_events_logentry), 0) AS position
        FROM (
            SELECT number FROM ficus_events_logentry WHERE position IS NULL ORDER BY number LIMIT %s
        ) AS unsequenced
    ) AS pending
    WHERE entry.number = pending.number
"""


# Both halves of the lock's number, as pg_locks shows them.
_HOLDERS = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND classid::bigint = %s AND objid::bigint = %s
"""


def try_lock() -> bool:
    """Return whether this database connection may give positions; a lost connection loses the lock too."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        held: bool = cursor.fetchone()[0]
    return held


def unlock() -> None:
    """Let another process be the sequencer."""
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def oldest_waiting() -> int | None:
    """Return the number of the first committed entry without a position, None if all have theirs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(number) FROM ficus_events_logentry WHERE position IS NULL")
        number: int | None = cursor.fetchone()[0]
    return number


def depose() -> int:
    """
    Cut the database session of whoever holds the lock, and with it the lock; return how many were cut.

    Safe at any moment: positions are given by one statement, which the database ends before the session, or undoes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [_LOCK >> 32, _LOCK & 0xFFFFFFFF])
        return len(cursor.fetchall())


def assign(limit: int = BATCH) -> int:
    """Give at most ``limit`` committed entries their position; return how many. The caller holds the lock."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ASSIGN, [limit])
        return int(cursor.rowcount)
