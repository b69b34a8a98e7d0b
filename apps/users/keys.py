"""
The keys that sign tokens, in one file, and their public halves as published. What is signed is the business of tokens.

The file has up to three private keys (PEM) in this order:

    current    signs
    next       will sign after the next rotation, and is published ahead, so that every verifier knows it by then
    previous   signed before the last rotation, and is published as long as a token of that time may be good

It is replaced as a whole, by ``rotate``; every process reads it again when it has changed.
"""

import fcntl
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from jwcrypto.jwk import JWK

ALGORITHM = "ES256"
# For how long a key is published before it may sign: twice what a verifier takes that hears of nothing.
PUBLISHED_SECONDS = 600
BLOCK = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----\n?", re.DOTALL)


class PublishedTooShortly(Exception):
    """
    The next key may not be known everywhere yet.

    :ivar seconds: until it may sign.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the next key was published a short while ago; rotate in {seconds} seconds")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class SigningKey:
    """
    A private key on P-256.

    :ivar kid: its thumbprint (RFC 7638), so that the same key has the same name everywhere.
    :ivar public: its public half as a JWK (RFC 7517).
    :ivar pem: as it stands in the file.
    """

    kid: str
    private: ec.EllipticCurvePrivateKey
    jwk: JWK
    public: dict[str, Any]
    pem: bytes


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of the file; one that was made for a single key has neither a next nor a previous one."""

    current: SigningKey
    next: SigningKey | None = None
    previous: SigningKey | None = None

    @property
    def published(self) -> list[SigningKey]:
        return [key for key in (self.current, self.next, self.previous) if key is not None]


_loaded: dict[tuple[str, int, int], KeyRing] = {}


def key_ring() -> KeyRing:
    """
    Return the keys in ``settings.SIGNING_KEY_FILE``, read again when the file has changed.

    :raises ImproperlyConfigured: if there is none, or it holds anything but private keys on P-256.
    """
    path = Path(settings.SIGNING_KEY_FILE)
    try:
        found = path.stat()
        version = (str(path), found.st_ino, found.st_mtime_ns)
        ring = _loaded.get(version)
        if ring is None:
            ring = read_ring(path.read_bytes())
            _loaded.clear()
            _loaded[version] = ring
        return ring
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"no signing key at {path}; `manage.py users create_signing_key` makes one"
        ) from None


def signing_key(kid: str | None = None) -> SigningKey:
    """Return the key that signs now; or, by ``kid``, the one that a token names, if that is one of ours."""
    ring = key_ring()
    return next((key for key in ring.published if key.kid == kid), ring.current)


def read_ring(pem: bytes) -> KeyRing:
    """:raises ImproperlyConfigured: if it is not one to three private keys on P-256."""
    blocks = BLOCK.findall(pem)
    if len(blocks) > 3:
        raise ImproperlyConfigured(f"the signing key file has {len(blocks)} keys; three are the most")
    return KeyRing(*map(read_key, blocks or [pem]))


def read_key(pem: bytes) -> SigningKey:
    """:raises ImproperlyConfigured: if it is not a private key on P-256."""
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise ImproperlyConfigured(f"the signing key cannot be read: {error}") from None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise ImproperlyConfigured("the signing key must be an elliptic curve key on P-256")
    jwk = JWK.from_pem(pem)
    kid = jwk.thumbprint()
    public = {**json.loads(jwk.export_public()), "kid": kid, "use": "sig", "alg": ALGORITHM}
    return SigningKey(kid=kid, private=private, jwk=jwk, public=public, pem=pem)


def public_jwks() -> dict[str, Any]:
    """Return the key set (RFC 7517) under which every token of ours can be verified, the next ones too."""
    return {"keys": [key.public for key in key_ring().published]}


def create_key_file(path: Path) -> bool:
    """
    Make a file of keys at ``path``, for its owner alone to read, or add the next key to one that has none.

    :return: whether anything was made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path):
        if not path.exists():
            _replace(path, KeyRing(_new_key(), _new_key()))
            return True
        ring = read_ring(path.read_bytes())
        if ring.next is None:
            _replace(path, KeyRing(ring.current, _new_key()))
        return ring.next is None


def rotate(path: Path, *, is_known_to_others: bool = False) -> KeyRing:
    """
    Have the next key sign from now on, publish the one after it, and keep the present one for tokens under way.

    :param is_known_to_others: do so at once, and have every token of the present and the previous key refused.
    :return: the keys as they are then.
    :raises FileNotFoundError: if there is no file.
    :raises PublishedTooShortly: if a verifier may not know the next key yet.
    """
    with _alone(path):
        ring = read_ring(path.read_bytes())
        upcoming = ring.next
        if is_known_to_others:
            ring = KeyRing(upcoming or _new_key(), _new_key())
        elif upcoming is None:
            ring = KeyRing(ring.current, _new_key())
        else:
            _require_published(path)
            ring = KeyRing(upcoming, _new_key(), ring.current)
        _replace(path, ring)
        return ring


def _require_published(path: Path) -> None:
    left = path.stat().st_mtime + PUBLISHED_SECONDS - time.time()
    if left > 0:
        raise PublishedTooShortly(int(left) + 1)


def _new_key() -> SigningKey:
    private = ec.generate_private_key(ec.SECP256R1())
    return read_key(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other commands from changing the file meanwhile."""
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _replace(path: Path, ring: KeyRing) -> None:
    """Put the keys in the file's place, whole or not at all; whoever may read it now may read it then."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        try:
            draft.write(b"".join(key.pem for key in ring.published))
            draft.flush()
            if path.exists():
                before = path.stat()
                os.fchown(draft.fileno(), before.st_uid, before.st_gid)
                os.fchmod(draft.fileno(), before.st_mode & 0o777)
            os.fsync(draft.fileno())
            os.replace(draft.name, path)
        except BaseException:
            os.unlink(draft.name)
            raise
