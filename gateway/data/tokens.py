"""Checks access tokens without ever blocking the event loop."""

import asyncio
from collections.abc import Collection, Mapping
from time import monotonic

from ficus.auth.keys import KeysUnavailable
from ficus.auth.principal import Principal
from ficus.auth.verifier import InvalidToken, UnknownKey, Verifier
from gateway.data.message.refusal import Refusal

INVALID = (b"www-authenticate", b'Bearer realm="ficus", error="invalid_token"')


class Tokens:
    """
    The worker's verifier, as policies use it.

    :ivar revoked: sessions and people whose tokens have been revoked, since somebody took the number.
    :ivar heard_at: when, in monotonic seconds, we last heard of what is revoked.
    """

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self.revoked = 0
        self.heard_at = monotonic()

    def revoke(self, marks: Mapping[str, float], *, token_seconds: float) -> None:
        """Refuse from now on what was issued up to a second, by the marks of session and subject."""
        self.revoked += self._verifier.revoke(marks, token_seconds=token_seconds)
        self.heard_at = monotonic()

    def expect(self, kids: Collection[str]) -> None:
        """Have the issuer's keys read again, in a thread, if these are others than the ones known."""
        self._verifier.keys.expect(kids)

    def take_revoked(self) -> int:
        revoked, self.revoked = self.revoked, 0
        return revoked

    def check(self, token: bytes) -> Principal | None:
        """
        Return whose token it is, or None if the issuer's keys have to be read first.

        :raises Refusal: 401 if the token does not hold.
        """
        known = self._verifier.recall(token)
        if known is not None:
            return known
        try:
            return self._verifier.check(token.decode("latin-1"))
        except UnknownKey:
            return None
        except InvalidToken as error:
            raise _invalid(error) from None

    async def verify(self, token: bytes) -> Principal:
        """
        Return whose token it is after the keys were read again, if that is due.

        :raises Refusal: 401 if the token does not hold; 503 if no key could be read so far.
        """
        try:
            return await asyncio.to_thread(self._verifier.verify, token.decode("latin-1"))
        except InvalidToken as error:
            raise _invalid(error) from None
        except KeysUnavailable as error:
            raise Refusal(503, error.code, error.detail, headers=((b"retry-after", b"1"),)) from None


def _invalid(error: InvalidToken) -> Refusal:
    return Refusal(401, error.code, error.detail.capitalize() + ".", headers=(INVALID,))
