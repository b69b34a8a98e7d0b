"""Looks at a database from outside Django, in milliseconds: does it answer, and does it have every migration?"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dj_database_url

APPLIED = "SELECT app || '.' || name FROM django_migrations"


class DatabaseDown(Exception):
    """A database does not answer; the message says why in one line and holds no password."""


def applied_migrations(url: str) -> set[str]:
    """
    Return the migrations that the database says it has; none if it is empty.

    :raises DatabaseDown: if it does not answer, or its address makes no sense.
    """
    try:
        settings = dj_database_url.parse(url)
    except (ValueError, dj_database_url.ParseError) as error:
        raise DatabaseDown(f"its address cannot be read: {error}") from None
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        return _ask_sqlite(Path(str(settings["NAME"])))
    return _ask_postgresql(dict(settings))


def fingerprint(files: Iterable[Path]) -> str:
    """Return a hash over the content of the files that decide which migrations there are."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class MigrationRecord:
    """
    Remembers which migrations each database had when it was last migrated, so that starting again need not ask Django.

    A database is fresh if the code has not changed since and it still has all that it had then.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source
        self._known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def is_fresh(self, name: str, applied: set[str]) -> bool:
        known = self._known.get(name)
        return known is not None and known["source"] == self._source and applied.issuperset(known["applied"])

    def remember(self, name: str, applied: set[str]) -> None:
        self._known[name] = {"source": self._source, "applied": sorted(applied)}
        self._path.write_text(json.dumps(self._known, indent=1))


def _ask_sqlite(path: Path) -> set[str]:
    if not path.exists():
        return set()
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=3)
        try:
            return {name for (name,) in connection.execute(APPLIED)}
        finally:
            connection.close()
    except sqlite3.Error as error:
        if "no such table" in str(error):
            return set()
        raise DatabaseDown(f"{path}: {error}") from None


def _ask_postgresql(settings: dict[str, Any]) -> set[str]:
    import psycopg  # only where it is used: SQLite is the default and start-up is counted in milliseconds

    try:
        with psycopg.connect(
            host=settings["HOST"],
            port=settings["PORT"] or 5432,
            user=settings["USER"],
            password=settings["PASSWORD"] or None,
            dbname=settings["NAME"],
            **{"connect_timeout": 3, **settings.get("OPTIONS", {})},
        ) as connection:
            return {name for (name,) in connection.execute(APPLIED)}
    except psycopg.errors.UndefinedTable:
        return set()
    except psycopg.Error as error:
        where = f"{settings['HOST']}:{settings['PORT'] or 5432}/{settings['NAME']}"
        raise DatabaseDown(f"{where}: {' '.join(str(error).split())}") from None
