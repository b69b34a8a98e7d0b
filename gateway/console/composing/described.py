"""What the services say of themselves, kept for those that are away."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async

from gateway.console.composing.names import Document
from gateway.data import runtime
from gateway.data.upstream.question import Unanswered, ask

logger = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
PART_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Said:
    """
    A service's own document.

    :ivar etag: what tells it from another version (RFC 9110, section 8.8.3); empty if nothing does.
    :ivar at: when it was last found to hold.
    :ivar until: in monotonic seconds, from when on it is asked for again.
    """

    document: Document
    etag: str
    at: datetime
    until: float = 0.0


NOTHING = Said({}, "", datetime.min.replace(tzinfo=UTC))
Ask = Callable[[str, str], Awaitable[tuple[Any, str]]]


@dataclass
class Described:
    """
    The services' documents as last read.

    One that does not describe itself keeps what it said last; it is asked again the next time, the others at most every
    ``KEPT_SECONDS``. However many ask at once, each service is asked once.

    :ivar ask: given a service's name and an etag, returns the document and its etag, or None and the same one.
    :ivar away: services that did not answer when they were asked last, and when they did; None if they never have.
    """

    ask: Ask
    clock: Callable[[], float] = time.monotonic
    away: dict[str, datetime | None] = field(default_factory=dict)
    _said: dict[str, Said] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def documents(self, services: Iterable[str]) -> Mapping[str, Document]:
        """Return what is known of the services, by name and sorted; nothing that one of them does can make it fail."""
        wanted = sorted(services)
        async with self._lock:
            await asyncio.gather(*(self._read(name) for name in wanted if self._is_stale(name)))
            self.away = {name: since for name, since in self.away.items() if name in wanted}
            return {name: self._said[name].document for name in wanted if name in self._said}

    def _is_stale(self, service: str) -> bool:
        return service in self.away or self._said.get(service, NOTHING).until <= self.clock()

    async def _read(self, service: str) -> None:
        known = self._said.get(service, NOTHING)
        try:
            document, etag = await self.ask(service, known.etag)
            if document is not None:
                await sync_to_async(check, thread_sensitive=False)(document)
        except Exception as error:  # whatever a service does, the others' parts are shown
            if service not in self.away:
                logger.warning("%s does not describe itself: %s", service, error)
            self.away[service] = None if known is NOTHING else known.at
            return
        self.away.pop(service, None)
        latest = known.document if document is None else document
        self._said[service] = Said(latest, etag, datetime.now(UTC), self.clock() + KEPT_SECONDS)


def check(document: Any) -> None:
    """:raises ValueError: if it is no OpenAPI 3.0 document that is valid by the specification's own schema."""
    # Not at the top: a gateway starts without them, and few processes are ever asked for the document.
    from drf_spectacular.validation import validate_schema
    from jsonschema import ValidationError

    if not isinstance(document, Mapping) or not str(document.get("openapi")).startswith("3.0."):
        raise ValueError("it is no OpenAPI 3.0 document")
    try:
        validate_schema(document)  # type: ignore[no-untyped-call]
    except ValidationError as error:
        raise ValueError(f"its OpenAPI document is not valid: {error.message[:200]}") from None


async def ask_service(service: str, etag: str) -> tuple[Any, str]:
    """
    Return the document that a service publishes, read for nobody in particular.

    :raises Unanswered: if it does not, or not in time.
    """
    upstream = runtime.current().upstreams[service]
    headers = [("Accept", "application/json"), ("X-Request-Timeout-Ms", str(int(PART_SECONDS * 1000)))]
    if etag:
        headers.append(("If-None-Match", etag))
    reply = await ask(upstream, "GET", f"/{service}/openapi.json", headers=headers, seconds=PART_SECONDS)
    if reply.status == 304 and etag:
        return None, etag
    if reply.status != 200:
        raise Unanswered(f"it answered {reply.status}")
    return reply.json(), next((value.decode() for name, value in reply.headers if name.lower() == b"etag"), "")
