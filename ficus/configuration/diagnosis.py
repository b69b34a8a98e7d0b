"""What a process is configured with, whether it can reach it, and what is wrong. Looks, and changes nothing."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import ERROR, WARNING, run_checks
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import module_has_submodule

from ficus.tls.asking import own, session
from ficus.tls.files import BadCertificates, expiring
from ficus.tls.identity import client_context

TIMEOUT_SECONDS = 2.0
NETWORK = ("connection refused", "timed out", "name or service not known", "no route to host")


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """
    One thing that was looked at.

    :ivar subject: what it is, in a word or two.
    :ivar detail: what was found and, if it is wrong, what to do about it; never a password or key.
    """

    state: State
    subject: str
    detail: str


def diagnose() -> Iterator[Finding]:
    """Look at everything this process depends on. Its own parts may be wrong; other services can only warn."""
    for look in (
        environment,
        system_checks,
        database,
        migrations,
        redis,
        certificates,
        central,
        token_keys,
        upstreams,
        installed_apps,
    ):
        yield from look()


def environment() -> Iterator[Finding]:
    kind = "development" if settings.DEVELOPMENT else "production"
    yield Finding(
        State.OK, "environment", f"{settings.SERVICE} {settings.VERSION} in {kind}, state in {settings.STATE}"
    )
    if settings.DEBUG:
        yield Finding(State.WARN, "environment", "DEBUG is on: errors show source code and settings")


def system_checks() -> Iterator[Finding]:
    try:
        messages = [message for message in run_checks() if not message.is_silenced()]
    except Exception as error:
        yield Finding(State.WRONG, "system check", f"breaks off: {_one_line(error)}")
        return
    for message in messages:
        if message.level >= WARNING:
            state = State.WRONG if message.level >= ERROR else State.WARN
            yield Finding(state, "system check", f"{message.id}: {' '.join(str(message.msg).split())}")
    if not messages:
        yield Finding(State.OK, "system check", "no issue found by Django")


def database() -> Iterator[Finding]:
    place = f"{connection.display_name} {_database_place(connection.settings_dict)}"
    failure = _failure(connection.ensure_connection, DatabaseError)
    if failure:
        yield Finding(State.WRONG, "database", f"{place} does not answer: {failure}")
    else:
        yield Finding(State.OK, "database", f"{place} answers")


def migrations() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, MigrationSchemaMissing):
        yield Finding(State.WRONG, "migrations", "cannot be looked at: the database does not answer")
        return
    if missing:
        advice = f"run ./manage.py {settings.SERVICE} migrate"
        yield Finding(State.WRONG, "migrations", f"{len(missing)} not applied, first {missing[0][0]}; {advice}")
    else:
        yield Finding(State.OK, "migrations", f"all {len(executor.loader.applied_migrations)} applied")


def redis() -> Iterator[Finding]:
    from redis import Redis, RedisError

    place = urlsplit(settings.REDIS_URL)._replace(query="").geturl().rpartition("@")[2]
    client = Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
    failure = _failure(client.ping, RedisError, OSError)
    client.close()
    if failure:
        yield Finding(State.WRONG, "redis", f"{place} does not answer: {failure}; events travel slower without it")
    else:
        yield Finding(State.OK, "redis", f"{place} answers")


def certificates() -> Iterator[Finding]:
    """Look at who this process is to the others, where that is by TLS."""
    identity = own()
    if identity is None:
        return
    try:
        client_context(identity)
    except BadCertificates as error:
        for mistake in error.mistakes:
            yield Finding(State.WRONG, "certificate", mistake)
        return
    told = expiring([identity.certificate], authorities=[identity.ca])
    for each in told:
        yield Finding(State.WARN if " expires on " in each else State.WRONG, "certificate", each)
    if not told:
        yield Finding(State.OK, "certificate", f"{identity.certificate} holds, and so does {identity.ca}")


def central() -> Iterator[Finding]:
    from ficus.configuration import changing

    if not settings.CONFIGURATION["URL"]:
        yield Finding(
            State.OK, "configuration", "no store (CONFIGURATION_URL); defaults and the environment are in force"
        )
        return
    present = changing.look()
    if present.trouble:
        yield Finding(State.WARN, "configuration", present.trouble)
    else:
        yield Finding(State.OK, "configuration", f"version {present.document.number} in {changing.where()}")
    for name in changing.unknown(present.in_force):
        yield Finding(State.WARN, "configuration", f"{name} is set centrally, and nothing here goes by it")
    for _, rows in changing.rows(present.in_force):
        for row in rows:
            if row.source == changing.ENVIRONMENT and row.central is not None:
                yield Finding(State.WARN, "configuration", f"{row.name}: {row.remark}")


def token_keys() -> Iterator[Finding]:
    from ficus.auth.keys import read_keys

    source = settings.TOKENS["JWKS"]
    try:
        yield Finding(State.OK, "token keys", f"{len(read_keys(_jwks(source)))} from {source}")
    except Exception as error:
        elsewhere = urlsplit(source).scheme.startswith("http")
        yield Finding(State.WARN if elsewhere else State.WRONG, "token keys", f"none from {source}: {_one_line(error)}")


def upstreams() -> Iterator[Finding]:
    for name, address in settings.RPC["UPSTREAMS"].items():
        if name == settings.SERVICE:
            continue
        if address == "local":
            yield Finding(State.OK, f"rpc {name}", "in this process")
            continue
        place = urlsplit(f"//{address}")
        failure = _failure(partial(_connect, place.hostname, place.port), OSError)
        if failure:
            yield Finding(State.WARN, f"rpc {name}", f"{address} does not answer: {failure}")
        else:
            yield Finding(State.OK, f"rpc {name}", f"{address} answers")


def installed_apps() -> Iterator[Finding]:
    """Ask each installed app that has a module ``diagnosis``; its ``diagnose()`` may read the database."""
    for config in apps.get_app_configs():
        module = f"{config.name}.diagnosis"
        if module == __name__ or not module_has_submodule(config.module, "diagnosis"):
            continue
        try:
            yield from import_module(module).diagnose()
        except DatabaseError as error:
            yield Finding(State.WARN, config.label, f"cannot be looked at: {_one_line(error)}")


def _connect(host: str | None, port: int | None) -> None:
    socket.create_connection((host or "", port or 0), timeout=TIMEOUT_SECONDS).close()


def _jwks(source: str) -> Any:
    if not urlsplit(source).scheme.startswith("http"):
        from django.utils.module_loading import import_string

        return import_string(source)()
    with session(source) as asking:
        answer = asking.get(source, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.json()


def _database_place(config: dict[str, Any]) -> str:
    if not config["HOST"]:
        return str(config["NAME"])
    return f"{config['HOST']}:{config['PORT'] or 5432}/{config['NAME']}"


def _failure(attempt: Callable[[], Any], *expected: type[Exception]) -> str:
    """Return what went wrong in one line, or nothing if the attempt succeeded."""
    try:
        attempt()
    except expected as error:
        return _one_line(error)
    return ""


def _one_line(error: Exception) -> str:
    """Say what went wrong; of a network library's long story the operating system's few words suffice."""
    text = " ".join(str(error).split()) or type(error).__name__
    return next((words for words in NETWORK if words.lower() in text.lower()), text)
