"""Puts a worker's gateway together from settings and database."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from ficus.auth import verifier
from ficus.configuration import live
from ficus.discovery.registry import Registry, registry_at
from gateway.console.signing_in import find_access_token
from gateway.control import cached, mirrored, snapshot, troubles, upstreams
from gateway.control.announcing import listen as listen
from gateway.control.compiling import compile_document
from gateway.control.database import in_database
from gateway.control.destinations import destinations
from gateway.data.access_log import AccessLog, Stream
from gateway.data.cache.cache import Cache
from gateway.data.cache.purges import Purge
from gateway.data.cache.shared import Shared
from gateway.data.certificates import Certificates
from gateway.data.keys import reading
from gateway.data.limiting.limiter import Limiter
from gateway.data.limiting.redis_link import RedisLink
from gateway.data.mirroring.mirrors import Mirrors
from gateway.data.operations import Order
from gateway.data.routing.table import Table
from gateway.data.runtime import Gateway
from gateway.data.sessions import Sessions
from gateway.data.tokens import Tokens

logger = logging.getLogger(__name__)

FIRST_TABLE_SECONDS = 10


async def assemble() -> Gateway:
    """Return a gateway with the table in force; with an empty one, to be replaced, if none can be read in time."""
    public = urlsplit(settings.PUBLIC_URL)
    gateway = Gateway(
        table=Table((), version=0),
        upstreams={},
        name=settings.SERVICE,
        destinations=destinations(),
        tokens=Tokens(verifier.default()),
        sessions=Sessions(find_access_token),
        public_origin=f"{public.scheme}://{public.netloc}".encode(),
        session_cookie=settings.SESSION_COOKIE_NAME.encode(),
        certificates=Certificates(troubles.tls_files()) if settings.TLS_FILES else None,
        trusted_hops=[ip_network(network) for network in settings.TRUSTED_HOPS],
        sampled_share=float(live.value("gateway.sampled_share")),
        access_log=access_log(settings.LOGGING),
        cache=_cache(),
        limiter=Limiter(RedisLink(settings.REDIS_URL), workers=settings.GATEWAY_WORKERS),
        in_flight_limit=live.value("gateway.in_flight_limit"),
    )
    if gateway.certificates is not None:
        gateway.certificates.reload_if_changed()
        if gateway.certificates.trouble:
            logger.error("nobody can connect by TLS: %s", gateway.certificates.trouble)
    gateway.use(await _first_table())
    _read_keys_through(gateway)
    return gateway


def _read_keys_through(gateway: Gateway) -> None:
    """Let the issuer's keys be read by the issuer's own TLS, which no setting says."""
    place, keys = settings.TOKENS["JWKS"], verifier.default().keys
    if place.startswith(("http://", "https://")):
        keys.read = reading(gateway, place, keys.read, asyncio.get_running_loop())


async def reload_table(known: int) -> Table | None:
    """Return the table in force unless ``known`` is its version."""
    return await in_database(snapshot.load_if_changed, known)


async def new_purges(known: int) -> list[Purge]:
    """Return the purges that came after the one of that number."""
    return await in_database(cached.purges_after, known)


async def keep_cached(counts: Mapping[tuple[str, str], int]) -> None:
    """Keep what this worker's cache has counted where all workers' is."""
    await in_database(cached.keep, counts)


def _cache() -> Cache:
    """Return an empty cache, with Redis for a second level."""
    from redis.asyncio import Redis

    client = Redis.from_url(settings.REDIS_URL, socket_timeout=1.0, socket_connect_timeout=1.0)
    return Cache(settings.CACHE_BYTES, shared=Shared(client))


def registry() -> Registry | None:
    """Return who keeps the instances of services, if anybody does."""
    url = settings.DISCOVERY["URL"]
    return registry_at(url) if url else None


async def orders_after(number: int) -> list[Order]:
    """Return what operators have ordered since."""
    return await in_database(upstreams.orders_after, number)


async def keep_report(report: Mapping[str, Any]) -> None:
    """Keep what this worker reports where operators look."""
    await in_database(upstreams.keep_report, f"{socket.gethostname()}:{os.getpid()}", report, timezone.now())


async def keep_mirrored(mirrors: Mirrors) -> None:
    """Keep what this worker has counted since the last time where all workers' is."""
    counts, differences = mirrors.take()
    if counts:
        await in_database(mirrored.keep, counts, differences)


def access_log(logging_settings: Mapping[str, Any]) -> AccessLog | None:
    """Return the log of answered requests, beside the others on standard error, if lines of its level are wanted."""
    if logging.getLevelNamesMapping()[logging_settings["level"]] > logging.INFO:
        return None
    return AccessLog(
        Stream(sys.stderr.fileno()).write,
        for_machine=logging_settings["json"],
        service=logging_settings["service"],
        version=logging_settings["version"],
    )


def go_by(gateway: Gateway, values: Mapping[str, Any]) -> None:
    """Have the gateway go by what is set centrally; to be called in its own thread."""
    gateway.in_flight_limit = values["gateway.in_flight_limit"]
    gateway.sampled_share = float(values["gateway.sampled_share"])
    wanted = access_log({**settings.LOGGING, "level": values["log.level"]})
    # One that goes has still a timer by which it writes what it has gathered.
    gateway.access_log = (gateway.access_log or wanted) if wanted is not None else None


async def _first_table() -> Table:
    for _ in range(FIRST_TABLE_SECONDS):
        try:
            return await in_database(snapshot.load)
        except (
            Exception
        ) as error:  # whatever it is, Django's own paths and the next attempt are of more use than an exit
            logger.error("the route table cannot be read: %s", error)
            await asyncio.sleep(1)
    return compile_document({}).table(0)
