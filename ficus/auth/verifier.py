"""
Checks access tokens (RFC 9068) as `semantics` section 6 says. PyJWT checks the signature; every claim is checked here.

``check`` never blocks and may run on an event loop; ``verify`` may fetch the issuer's keys once, and waits a moment for
what is revoked when it is the first of its process.
"""

import json
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from sys import intern
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.core.signals import setting_changed
from jwt.api_jws import PyJWS

from ficus.auth.keys import ALGORITHM, KeySet, KeysUnavailable, source
from ficus.auth.listening import Listener, Read, reader
from ficus.auth.principal import Principal
from ficus.auth.revocations import Marks, Revocations, marks_of
from ficus.errors import Unauthorized

LARGEST_TOKEN_BYTES = 8 * 1024
MOST_KEPT = 10_000
# Clocks of two machines differ a little; for `nbf` and `iat` only, a token never lives longer for it.
CLOCK_SKEW_SECONDS = 5

TEXT_CLAIMS = ("iss", "sub", "client_id", "jti", "scope", "sid")
TIME_CLAIMS = ("exp", "iat", "nbf")
MEDIA_TYPES = ("at+jwt", "application/at+jwt")


class InvalidToken(Unauthorized):
    """The token is not one of the issuer's, not for us, or not valid now."""

    code, title = "invalid_token", "Invalid token"


class UnknownKey(InvalidToken):
    """The token names a key that is not known here, or not yet."""


class Verifier:
    """
    Turns tokens into principals. Safe to share between threads.

    Verified tokens are kept by their hash until they expire, are revoked or the keys change, at most so many of them.

    :ivar keys: the issuer's keys; call ``keys.refresh_in_background()`` after :class:`UnknownKey` on an event loop.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: KeySet,
        clock: Callable[[], float] = time.time,
        most_kept: int = MOST_KEPT,
        revoked: Read | None = None,
    ) -> None:
        """
        :param most_kept: verified tokens; each takes about 600 bytes.
        :param revoked: asked what is revoked, in a thread and from the first ``verify`` on; else call ``revoke``.
        """
        self.keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._most_kept = most_kept
        self._jws = PyJWS(algorithms=[ALGORITHM])
        self._kept: dict[bytes, tuple[Principal, int, Marks]] = {}
        self._kept_version = keys.version
        self._revocations = Revocations(clock)
        self._listener = Listener(self.revoke, revoked, expect=keys.expect) if revoked else None

    def verify(self, token: str) -> Principal:
        """
        Return the token's principal, fetching the issuer's keys if the token's is not known yet.

        :raises InvalidToken: if any check fails.
        :raises KeysUnavailable: if no key could be read so far.
        """
        if self._listener is not None:
            self._listener.listen()
        try:
            return self.check(token)
        except UnknownKey:
            if not self.keys.refresh():
                raise KeysUnavailable from None
        return self.check(token)

    def check(self, token: str) -> Principal:
        """
        Return the token's principal by the keys known now.

        :raises UnknownKey: if its key is not among them.
        :raises InvalidToken: if any other check fails.
        """
        if len(token) > LARGEST_TOKEN_BYTES or not token.isascii():
            raise InvalidToken("the token is too long or not ASCII")
        digest = sha256(token.encode()).digest()
        return self._recall(digest) or self._examine(token, digest)

    def recall(self, token: bytes) -> Principal | None:
        """Return the principal of a token that was found good before and still is; for whoever asks very often."""
        return self._recall(sha256(token).digest())

    def revoke(self, marks: Mapping[str, float], *, token_seconds: float) -> int:
        """
        Refuse tokens from now on that were issued up to a second, by the marks of session and subject.

        :param token_seconds: how long a token lives, and so a revocation matters.
        :return: how many of these were not known.
        """
        fresh = self._revocations.add(marks, keep_seconds=token_seconds + CLOCK_SKEW_SECONDS)
        if fresh:
            for digest, (_, _, own) in list(self._kept.items()):
                if own.session in fresh or own.subject in fresh:
                    self._kept.pop(digest, None)
        return len(fresh)

    def close(self) -> None:
        """Ask no more what is revoked."""
        if self._listener is not None:
            self._listener.stop()

    def _recall(self, digest: bytes) -> Principal | None:
        if self._kept_version != self.keys.version:
            self._kept, self._kept_version = {}, self.keys.version
        kept = self._kept.get(digest)
        if kept is None:
            return None
        principal, expires_at, _ = kept
        if self._clock() < expires_at:
            return principal
        self._kept.pop(digest, None)
        return None

    def _examine(self, token: str, digest: bytes) -> Principal:
        version, revocations = self.keys.version, self._revocations.version
        claims = self._claims(token)
        self._check_claims(claims)
        marks = marks_of(claims)
        if self._revocations.cover(marks):
            raise InvalidToken("the token's session has ended")
        principal = principal_of(claims)
        if version == self._kept_version:
            self._keep(digest, principal, claims["exp"], marks)
            if revocations != self._revocations.version:
                self._kept.pop(digest, None)  # it may have been revoked after we looked and before we kept it
        return principal

    def _keep(self, digest: bytes, principal: Principal, expires_at: int, marks: Marks) -> None:
        kept = self._kept
        while len(kept) >= self._most_kept:
            # The oldest goes first; another thread may have been quicker.
            kept.pop(next(iter(kept), digest), None)
        kept[digest] = (principal, expires_at, marks)

    def _claims(self, token: str) -> dict[str, Any]:
        """Return the payload after the header and the signature were found good."""
        try:
            kid = self._check_header(jwt.get_unverified_header(token))
            key = self.keys.find(kid)
            if key is None:
                raise UnknownKey("the token's key is not known")
            claims = json.loads(self._jws.decode(token, key, algorithms=[ALGORITHM]))
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise InvalidToken("the token is malformed or its signature is wrong") from None
        if not isinstance(claims, dict):
            raise InvalidToken("the token's payload is no object")
        return claims

    @staticmethod
    def _check_header(header: dict[str, Any]) -> str:
        """Return the key's id. ``jku``, ``x5u``, ``jwk`` and ``x5c`` are never looked at."""
        kid, media_type = header.get("kid"), header.get("typ")
        if header.get("alg") != ALGORITHM:
            raise InvalidToken("the token's algorithm is not allowed")
        if not isinstance(media_type, str) or media_type.lower() not in MEDIA_TYPES:
            raise InvalidToken("the token is no access token")
        if "crit" in header or header.get("b64", True) is not True:
            raise InvalidToken("the token asks for an extension that is not known")
        if not isinstance(kid, str) or not kid:
            raise InvalidToken("the token names no key")
        return kid

    def _check_claims(self, claims: dict[str, Any]) -> None:
        for name in TEXT_CLAIMS:
            _require(name, isinstance(claims.get(name), str) and (claims[name] != "" or name == "scope"))
        for name in TIME_CLAIMS:
            _require(name, type(claims.get(name)) is int)
        roles = claims.get("roles")
        _require("roles", isinstance(roles, list) and all(isinstance(role, str) for role in roles))
        _require("username", isinstance(claims.get("username", ""), str))
        _require("iss", claims["iss"] == self._issuer)
        _require("aud", _is_for(self._audience, claims.get("aud")))
        now = self._clock()
        _require("exp", now < claims["exp"])
        _require("nbf", claims["nbf"] <= now + CLOCK_SKEW_SECONDS)
        _require("iat", claims["iat"] <= now + CLOCK_SKEW_SECONDS)


def _require(claim: str, holds: bool) -> None:
    if not holds:
        raise InvalidToken(f"the token's `{claim}` is missing or wrong")


def _is_for(audience: str, named: Any) -> bool:
    return named == audience or (isinstance(named, list) and audience in named)


def principal_of(claims: dict[str, Any]) -> Principal:
    """Return whom verified claims speak of; a subject that is no UUID is a program."""
    try:
        person = UUID(claims["sub"])
    except ValueError:
        person = None
    return Principal(
        subject=claims["sub"],
        id=person,
        username=claims.get("username", ""),
        roles=_shared(tuple(claims["roles"])),
        scopes=_shared(tuple(claims["scope"].split())),
        client_id=intern(claims["client_id"]),
        session_id=claims["sid"],
    )


@lru_cache(maxsize=1024)
def _shared(words: tuple[str, ...]) -> frozenset[str]:
    """Return the set of some words, one for all whose words are the same: there are few, and many tokens kept."""
    return frozenset(words)


@lru_cache(maxsize=1)
def default() -> Verifier:
    """Return the process's own verifier, by ``settings.TOKENS``."""
    tokens = settings.TOKENS
    return Verifier(
        issuer=tokens["ISSUER"],
        audience=tokens["AUDIENCE"],
        keys=KeySet(source(tokens["JWKS"])),
        most_kept=int(tokens.get("MOST_KEPT", MOST_KEPT)),
        revoked=reader(tokens["REVOCATIONS"]) if tokens.get("REVOCATIONS") else None,
    )


def prepare() -> None:
    """Have the process's own verifier know another service's keys before that service may be away."""
    place = settings.TOKENS["JWKS"]
    if isinstance(place, str) and place.startswith(("http://", "https://")):
        default().keys.prepare()


def _forget_default(**_: Any) -> None:
    if default.cache_info().currsize:
        default().close()
    default.cache_clear()


# Django sends this in tests only, where settings change under a running process.
setting_changed.connect(_forget_default, dispatch_uid="ficus.auth.verifier")
