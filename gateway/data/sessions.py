"""The access tokens behind browsers' sessions, at hand for a moment. Where they are kept is not known here."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from gateway.data.message.refusal import Refusal

logger = logging.getLogger(__name__)

REMEMBER_SECONDS = 1.0
REMEMBER_AT_MOST = 10_000
FIND_SECONDS = 5.0

Find = Callable[[str, str], Awaitable[str]]


class Sessions:
    """
    Asks for a session's token once for all requests of a moment.

    A sign-out in another worker is therefore seen after ``REMEMBER_SECONDS`` at most; in this one, call ``forget``.
    """

    def __init__(self, find: Find) -> None:
        """
        :param find: returns a session's access token, fresh if need be, or empty if nobody is signed in. It is given
            the session's key, and a token that was refused and will not do.
        """
        self._find = find
        self._known: dict[bytes, tuple[bytes, float]] = {}
        self._asking: dict[tuple[bytes, bytes], asyncio.Task[bytes]] = {}

    def recall(self, key: bytes) -> tuple[bool, bytes]:
        """Return whether the session was looked up just now, and its token, empty if nobody is signed in."""
        known = self._known.get(key)
        if known is None:
            return False, b""
        token, until = known
        if monotonic() < until:
            return True, token
        del self._known[key]
        return False, b""

    async def find(self, key: bytes, refused: bytes = b"") -> bytes:
        """
        Look the session up; those who ask for the same one at the same time wait for one answer.

        :param refused: the token known so far, where that is good no more.
        :raises Refusal: 503 if the session can be neither confirmed nor denied.
        """
        question = key, refused
        asking = self._asking.get(question)
        if asking is None:
            asking = self._asking[question] = asyncio.create_task(self._look_up(*question))
            asking.add_done_callback(lambda _: self._asking.pop(question, None))
        return await asyncio.shield(asking)

    async def _look_up(self, key: bytes, refused: bytes) -> bytes:
        try:
            async with asyncio.timeout(FIND_SECONDS):
                token = (await self._find(key.decode("latin-1"), refused.decode())).encode()
        except Exception as error:  # whatever it is, nobody is to be taken for somebody else, or for nobody
            logger.warning("a session cannot be looked up: %s", error or "timed out")
            raise Refusal(503, "session_unavailable", "Your session cannot be looked up at present.") from None
        if len(self._known) >= REMEMBER_AT_MOST:
            self._known.clear()
        self._known[key] = token, monotonic() + REMEMBER_SECONDS
        return token

    def forget(self, key: str) -> None:
        self._known.pop(key.encode("latin-1"), None)
