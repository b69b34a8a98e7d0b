"""The PostgreSQL and Redis that tests use where they are told to; they make and drop every database they need."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

import psycopg
from redis import Redis, RedisError

POSTGRES_URL = "postgres://postgres@127.0.0.1:5432"
REDIS_URL = "redis://127.0.0.1:6379/9"


class ServersMissing(Exception):
    """A server that the tests were told to use does not answer; one line names it."""


@dataclass(frozen=True)
class Servers:
    """
    Where the servers are.

    :ivar postgres_url: without a database; its user may create databases.
    :ivar redis_url: with the number of a database that tests may empty, and three more after it.
    """

    postgres_url: str
    redis_url: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Servers":
        """Take those that ``TEST_POSTGRES_URL`` and ``TEST_REDIS_URL`` name, or those on this machine."""
        return cls(
            postgres_url=environment.get("TEST_POSTGRES_URL", POSTGRES_URL).rstrip("/"),
            redis_url=environment.get("TEST_REDIS_URL", REDIS_URL),
        )

    def beside(self, number: int) -> "Servers":
        """Return these servers, with the Redis database so much further on, for tests that run at the same time."""
        url, _, first = self.redis_url.rpartition("/")
        return replace(self, redis_url=f"{url}/{int(first) + number}")

    def environment(self, service: str) -> dict[str, str]:
        """Return what makes a test run use these servers; Django itself makes its database, as ``test_...``."""
        chosen = {"TEST_SERVERS": "1", "TEST_REDIS_URL": self.redis_url, "REDIS_URL": self.redis_url}
        if service:
            chosen[f"{service.upper()}_DATABASE_URL"] = f"{self.postgres_url}/ficus_{service}_{uuid4().hex[:8]}"
        return chosen

    def check(self) -> None:
        """:raises ServersMissing: if one does not answer."""
        try:
            psycopg.connect(f"{self.postgres_url}/postgres", connect_timeout=3).close()
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise ServersMissing(f"PostgreSQL (TEST_POSTGRES_URL) does not answer: {reason}") from None
        try:
            with Redis.from_url(self.redis_url, socket_connect_timeout=3) as client:
                client.ping()
        except RedisError as error:
            raise ServersMissing(f"Redis (TEST_REDIS_URL) does not answer: {error}") from None


@dataclass
class Databases:
    """Databases on PostgreSQL for one running system; ``drop`` removes them all, connections or not."""

    servers: Servers
    _names: list[str] = field(default_factory=list)

    def create(self, deployable: str) -> str:
        """Return the address of a new, empty database."""
        name = f"ficus_e2e_{deployable}_{uuid4().hex[:8]}"
        self._execute(f'CREATE DATABASE "{name}"')
        self._names.append(name)
        return f"{self.servers.postgres_url}/{name}"

    def drop(self) -> None:
        for name in self._names:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(f"{self.servers.postgres_url}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())
