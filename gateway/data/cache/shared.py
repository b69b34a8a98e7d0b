"""The second level: answers kept in Redis for all workers. Redis slow or dead costs hits and nothing else."""

import asyncio
import logging
from collections.abc import Awaitable
from hashlib import blake2b
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from gateway.data.cache.entry import Entry
from gateway.data.cache.selecting import Key, Selection, selection
from gateway.data.cache.storing import Storage

if TYPE_CHECKING:
    from gateway.data.message.request import Request

logger = logging.getLogger(__name__)

PREFIX = "ficus:gateway:cache:"
WAIT_SECONDS = 0.05
REST_SECONDS = 2.0  # after a failure
LONGEST_SECONDS = 86_400  # for which an answer is kept; purges are remembered as long
VALIDATED_SECONDS = 3600  # for which one is kept beyond its time if the service can be asked whether it still holds
WRITES_AT_ONCE = 64


class Client(Protocol):
    """What is needed of ``redis.asyncio.Redis``."""

    def get(self, name: str) -> Awaitable[Any]: ...

    def set(self, name: str, value: bytes, *, ex: int) -> Awaitable[Any]: ...


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is written; with ``names`` alone it says by which fields the answers for a key are chosen."""

    names: tuple[bytes, ...]
    key: tuple[bytes, ...] = ()
    selected: Selection = ()
    route: str = ""
    status: int = 0
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    storage: Storage | None = None
    tags: frozenset[bytes] = frozenset()
    born_at: float = 0.0
    asked_at: float = 0.0
    purge: int = -1


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


class Shared:
    """One worker's view of it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rests_until = 0.0
        self._writing: set[asyncio.Task[None]] = set()

    async def find(self, key: Key, request: "Request") -> Entry | None:
        """Return the entry for the request; None too if Redis does not say in time."""
        found = await self._get(_name(key, ()))
        if found is not None and found.names and not found.key:
            found = await self._get(_name(key, selection(request, found.names)))
        if found is None or found.storage is None or found.key != key:
            return None
        if found.selected != selection(request, found.names):
            return None
        return _entry(found, found.storage)

    def keep(self, entry: Entry, now: float) -> None:
        """Write the entry in a task of its own, unless there are too many; never fails and never waits."""
        seconds = _seconds(entry, now)
        if seconds < 1 or len(self._writing) >= WRITES_AT_ONCE or monotonic() < self._rests_until:
            return
        task = asyncio.get_running_loop().create_task(self._write(entry, seconds))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _get(self, name: str) -> _Kept | None:
        if monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                data = await self._client.get(name)
            return _decode(data) if data else None
        except msgspec.MsgspecError as error:
            logger.warning("a kept answer in Redis cannot be read: %s", error)
        except Exception as error:  # whatever Redis has, the service can be asked
            self._rest(error)
        return None

    async def _write(self, entry: Entry, seconds: int) -> None:
        try:
            async with asyncio.timeout(1):
                await self._client.set(_name(entry.key, entry.selection), _encode(_kept(entry)), ex=seconds)
                if entry.selection:
                    await self._client.set(_name(entry.key, ()), _encode(_Kept(entry.names)), ex=LONGEST_SECONDS)
        except Exception as error:  # likewise
            self._rest(error)

    def _rest(self, error: Exception) -> None:
        self._rests_until = monotonic() + REST_SECONDS
        logger.info("the cache does without Redis for a while: %s", str(error) or type(error).__name__)


def _name(key: Key, selected: Selection) -> str:
    return PREFIX + blake2b(_encode((key, selected)), digest_size=20).hexdigest()


def _seconds(entry: Entry, now: float) -> int:
    how = entry.storage
    beyond = max(how.on_error, how.meanwhile, VALIDATED_SECONDS if entry.has_validator else 0)
    return int(min(how.lifetime - entry.age(now) + beyond, LONGEST_SECONDS))


def _kept(entry: Entry) -> _Kept:
    return _Kept(
        entry.names,
        entry.key,
        entry.selection,
        entry.route,
        entry.status,
        tuple(entry.fields),
        entry.body,
        entry.storage,
        entry.tags,
        entry.born_at,
        entry.asked_at,
        entry.purge,
    )


def _entry(kept: _Kept, how: Storage) -> Entry:
    return Entry(
        kept.key,
        kept.selected,
        kept.route,
        kept.status,
        kept.fields,
        kept.body,
        how,
        tags=kept.tags,
        born_at=kept.born_at,
        asked_at=kept.asked_at,
        purge=kept.purge,
    )
