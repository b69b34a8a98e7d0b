"""Reads, and in one place writes, the system's own databases as they are, past all of its code."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

FAILURES = (psycopg.Error, sqlite3.Error)
Row = tuple[Any, ...]

_PROJECTED = """
    id, position, type, schema_version, aggregate_type, aggregate_id, aggregate_version, payload, metadata, recorded_at
"""
_APPEND = """
    INSERT INTO ficus_events_logentry (position, id, type, schema_version, aggregate_type, aggregate_id,
                                       aggregate_version, payload, metadata, recorded_at)
    SELECT {position}, {values}
"""


@dataclass(frozen=True, slots=True)
class Following:
    """How far a consumer is with a log. ``source`` is also the name of the deployable whose log it is."""

    consumer: str
    deployable: str
    source: str
    position: int


class Books:
    """
    The databases of one running system. Every call fails with one of ``FAILURES`` while a database is away.

    :param urls: PostgreSQL databases by deployable; what is not there is an SQLite file below ``state``.
    """

    def __init__(self, shape: str, state: Path, urls: Mapping[str, str]) -> None:
        self.users, self.orders = ("users", "orders") if shape == "services" else ("monolith", "monolith")
        self._deployables = sorted({self.users, self.orders})
        self._state, self._urls = state, urls

    def order_statuses(self, customer_ids: Sequence[str]) -> dict[str, str]:
        """Return the status of every order of these customers by id."""
        rows = self._read(self.orders, "SELECT id, customer_id, status FROM orders_order")
        wanted = set(customer_ids)
        return {_id(order): status for order, customer, status in rows if _id(customer) in wanted}

    def doubled_entries(self) -> list[str]:
        """Return the orders whose credit was held, released or captured twice."""
        rows = self._read(
            self.users,
            "SELECT order_id, kind, count(*) FROM users_creditentry WHERE order_id IS NOT NULL "
            "GROUP BY order_id, kind HAVING count(*) > 1",
        )
        return [f"the credit of order {_id(order)} is {kind} {times} times" for order, kind, times in rows]

    def doubled_events(self) -> list[str]:
        """Return the orders of which the log tells the same move twice."""
        rows = self._read(
            self.orders,
            "SELECT aggregate_id, type, count(*) FROM ficus_events_logentry WHERE aggregate_type = 'order' "
            "GROUP BY aggregate_id, type HAVING count(*) > 1",
        )
        return [f"{type} of order {_id(order)} is in the log {times} times" for order, type, times in rows]

    def followings(self) -> list[Following]:
        """Return every cursor there is; of several on one log, where the last of them is."""
        query = "SELECT consumer, source, min(position) FROM ficus_events_cursor GROUP BY consumer, source"
        return [
            Following(consumer, deployable, source, position)
            for deployable in self._deployables
            for consumer, source, position in self._read(deployable, query)
        ]

    def log_ends(self) -> dict[str, int]:
        """Return by deployable the last position; one that is never reached while entries wait for theirs."""
        query = "SELECT coalesce(max(position), 0) + (count(*) - count(position)) FROM ficus_events_logentry"
        return {deployable: int(self._read(deployable, query)[0][0]) for deployable in self._deployables}

    def unfinished(self) -> list[str]:
        """Return what is still to happen: orders to be decided, events to be read."""
        ((pending,),) = self._read(self.orders, "SELECT count(*) FROM orders_order WHERE status = 'PENDING'")
        ends = self.log_ends()
        behind = [
            f"{each.consumer} is {ends[each.source] - each.position} behind in {each.source}"
            for each in self.followings()
            if each.position < ends[each.source]
        ]
        return [*([f"{pending} orders are PENDING"] if pending else []), *behind]

    def parked(self) -> set[str]:
        """Return the ids of all parked events."""
        query = "SELECT DISTINCT event_id FROM ficus_events_parkedevent"
        return {_id(id) for deployable in self._deployables for (id,) in self._read(deployable, query)}

    def refused(self) -> dict[str, int]:
        """Return how many messages were refused, by reason."""
        query = "SELECT reason, sum(count) FROM ficus_events_refusedmessage GROUP BY reason"
        found: dict[str, int] = {}
        for deployable in self._deployables:
            for reason, count in self._read(deployable, query):
                found[reason] = found.get(reason, 0) + int(count)
        return found

    def recorded(self, source: str, *, after: int, limit: int) -> list[dict[str, Any]]:
        """Return what stands behind a position of a log, as its relay pushes it."""
        query = (
            f"SELECT {_PROJECTED} FROM ficus_events_logentry WHERE position > {after} ORDER BY position LIMIT {limit}"
        )
        return [_as_pushed(source, row) for row in self._read(source, query)]

    def append(self, deployable: str, *, id: UUID, type: str, version: int, payload: dict[str, Any]) -> None:
        """Write an event that no service of a right system writes, about an aggregate of its own."""
        aggregate = id.hex if self._is_sqlite(deployable) else str(id)
        written = (aggregate, type, version, "chaos", aggregate, 1, json.dumps(payload), "{}", _now())
        with closing(self._connect(deployable)) as connection:
            if isinstance(connection, sqlite3.Connection):
                position = "(SELECT coalesce(max(position), 0) + 1 FROM ficus_events_logentry)"
                connection.execute(_APPEND.format(position=position, values=", ".join("?" * 9)), written)
                connection.commit()
            else:
                casts = "%s::uuid, %s, %s, %s, %s::uuid, %s, %s::jsonb, %s::jsonb, %s::timestamptz"
                connection.execute(_APPEND.format(position="NULL", values=casts).encode(), written)
                connection.commit()

    def cut_connections(self) -> None:
        """End every connection to this PostgreSQL but the one that does it."""
        with closing(psycopg.connect(next(iter(self._urls.values())), connect_timeout=3)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def _read(self, deployable: str, query: str) -> list[Row]:
        with closing(self._connect(deployable)) as connection:
            rows: list[Row] = connection.execute(query).fetchall()  # type: ignore[arg-type]
        return rows

    def _connect(self, deployable: str) -> "sqlite3.Connection | psycopg.Connection[Row]":
        if self._is_sqlite(deployable):
            return sqlite3.connect(self._state / f"{deployable}.sqlite3", timeout=5)
        return psycopg.connect(self._urls[deployable], connect_timeout=3)

    def _is_sqlite(self, deployable: str) -> bool:
        return deployable not in self._urls


def _as_pushed(source: str, row: Row) -> dict[str, Any]:
    id, position, type, schema_version, aggregate_type, aggregate_id, aggregate_version, payload, metadata, at = row
    return {
        "source": source,
        "position": position,
        "id": _id(id),
        "type": type,
        "schema_version": schema_version,
        "aggregate_type": aggregate_type,
        "aggregate_id": _id(aggregate_id),
        "aggregate_version": aggregate_version,
        "payload": json.loads(payload) if isinstance(payload, str) else payload,
        "metadata": json.loads(metadata) if isinstance(metadata, str) else metadata,
        "recorded_at": at.isoformat() if isinstance(at, datetime) else f"{at.replace(' ', 'T')}+00:00",
    }


def _id(value: Any) -> str:
    """Return a UUID as it is written on the wire; SQLite keeps it without dashes."""
    return str(UUID(str(value)))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
