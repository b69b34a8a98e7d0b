"""
The keys under which the issuer's tokens are verified: read from one configured place, kept while it is away.

The place is the address of a JWK set (RFC 7517), a dotted path to a function that returns one, or the set itself.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from django.utils.module_loading import import_string
from jwt.algorithms import ECAlgorithm

from ficus.errors import Unavailable

logger = logging.getLogger(__name__)

ALGORITHM = "ES256"
FETCH_TIMEOUT_SECONDS = 2.0
LARGEST_SET_BYTES = 64 * 1024
MOST_KEYS = 16

Keys = dict[str, EllipticCurvePublicKey]


class KeysUnavailable(Unavailable):
    """No key is known yet, and the place that publishes them does not answer."""

    code, title = "keys_unavailable", "Tokens cannot be checked at present"


def read_keys(jwks: Any) -> Keys:
    """
    Return the ES256 verification keys of a JWK set by ``kid``; keys of any other kind are passed over.

    :raises ValueError: if it is no JWK set or has no such key.
    """
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a JWK set")
    keys = {entry["kid"]: _read_key(entry) for entry in entries[:MOST_KEYS] if _is_ours(entry)}
    if not keys:
        raise ValueError("the JWK set has no ES256 key")
    return keys


def _is_ours(jwk: Any) -> bool:
    return (
        isinstance(jwk, dict)
        and (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256")
        and isinstance(jwk.get("kid"), str)
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", ALGORITHM) == ALGORITHM
    )


def _read_key(jwk: dict[str, Any]) -> EllipticCurvePublicKey:
    public: dict[str, Any] = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
    key = ECAlgorithm.from_jwk(public)
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("not a public key")
    return key


def source(place: Any) -> Callable[[], Any]:
    """Return a function that reads the JWK set from ``place``; it may block for ``FETCH_TIMEOUT_SECONDS``."""
    if isinstance(place, dict):
        return lambda: place
    if place.startswith(("http://", "https://")):
        return lambda: _fetch(place)
    return lambda: import_string(place)()


def _fetch(url: str) -> Any:
    from ficus.tls.asking import session

    with (
        session(url) as asking,
        asking.get(url, timeout=FETCH_TIMEOUT_SECONDS, allow_redirects=False, stream=True) as response,
    ):
        if response.status_code != 200:
            raise ValueError(f"status {response.status_code}")
        body = response.raw.read(LARGEST_SET_BYTES + 1, decode_content=True)
    if len(body) > LARGEST_SET_BYTES:
        raise ValueError("the JWK set is too large")
    return json.loads(body)


class KeySet:
    """
    The issuer's keys as last read. ``find`` never blocks; ``refresh`` may, and reads at most once at a time.

    A set that cannot be read leaves the last good one in place. What is no longer published is dropped
    with the next good reading.

    :ivar read: returns the set; may be replaced by another way to it.
    :ivar version: grows with each change of the keys.
    """

    RETRY_SECONDS = 1.0
    UNKNOWN_KEY_SECONDS = 30.0
    STALE_SECONDS = 300.0

    def __init__(self, read: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self.read = read
        self._clock = clock
        self._keys: Keys = {}
        self._reading = threading.Lock()
        self._tried_at = self._read_at = float("-inf")
        self.version = 0

    def find(self, kid: str) -> EllipticCurvePublicKey | None:
        """Return the key as known now; keys older than ``STALE_SECONDS`` are read again in the background."""
        if self._clock() - self._read_at > self.STALE_SECONDS and self._keys:
            self.refresh_in_background()
        return self._keys.get(kid)

    def refresh(self) -> bool:
        """
        Read the keys, unless somebody has just done so; wait for whoever is at it. Return whether any key is known.

        At most once in ``UNKNOWN_KEY_SECONDS`` after a good reading, in ``RETRY_SECONDS`` after a failed one.
        """
        with self._reading:
            if self._is_due():
                self._tried_at = self._clock()
                self._replace()
        return bool(self._keys)

    def prepare(self) -> None:
        """Read the keys in the background, as often as it takes, so that the first token need not wait for them."""
        threading.Thread(target=self._read_until_known, name="jwks", daemon=True).start()

    def expect(self, kids: Collection[str]) -> None:
        """
        Read the keys in the background if others are published than are known: a next one, or one withdrawn.

        At most once in ``RETRY_SECONDS``; before anything has been read, nothing is.
        """
        is_due = self._clock() - self._tried_at >= self.RETRY_SECONDS and not self._reading.locked()
        if self._keys and self._keys.keys() != set(kids) and is_due:
            threading.Thread(target=self._read_again, name="jwks", daemon=True).start()

    def refresh_in_background(self) -> None:
        """Start ``refresh`` in a thread of its own if it is due and nobody is at it; safe on an event loop."""
        if self._is_due() and not self._reading.locked():
            threading.Thread(target=self.refresh, name="jwks", daemon=True).start()

    def _read_until_known(self) -> None:
        pause = self.RETRY_SECONDS  # also before the first try: an issuer that starts at the same time is not there yet
        time.sleep(pause)
        while not self.refresh():
            pause = min(2 * pause, self.UNKNOWN_KEY_SECONDS)
            time.sleep(pause)

    def _read_again(self) -> None:
        with self._reading:
            self._tried_at = self._clock()
            self._replace()

    def _is_due(self) -> bool:
        failed = self._tried_at > self._read_at
        pause = self.RETRY_SECONDS if failed else self.UNKNOWN_KEY_SECONDS
        return self._clock() - self._tried_at >= pause

    def _replace(self) -> None:
        try:
            keys = read_keys(self.read())
        except Exception as error:  # whatever the place answers, the keys we have stay good
            logger.warning("the issuer's keys cannot be read: %s", error)
            return
        self._read_at = self._tried_at
        if {kid: key.public_numbers() for kid, key in keys.items()} != {
            kid: key.public_numbers() for kid, key in self._keys.items()
        }:
            self._keys = keys
            self.version += 1
