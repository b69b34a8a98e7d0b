"""The key that signs tokens, and its public half as published. What is signed with it is the business of tokens."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from jwcrypto.jwk import JWK

ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """
    A private key on P-256.

    :ivar kid: its thumbprint (RFC 7638), so that the same key has the same name everywhere.
    :ivar public: its public half as a JWK (RFC 7517).
    """

    kid: str
    private: ec.EllipticCurvePrivateKey
    jwk: JWK
    public: dict[str, Any]


_loaded: dict[tuple[str, int], SigningKey] = {}


def signing_key() -> SigningKey:
    """
    Return the key in ``settings.SIGNING_KEY_FILE``, read again when the file has changed.

    :raises ImproperlyConfigured: if there is none, or it is not a private key on P-256.
    """
    path = Path(settings.SIGNING_KEY_FILE)
    try:
        version = (str(path), path.stat().st_mtime_ns)
        if version not in _loaded:
            key = read_key(path.read_bytes())
            _loaded.clear()
            _loaded[version] = key
        return _loaded[version]
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"no signing key at {path}; `manage.py users create_signing_key` makes one"
        ) from None


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
    return SigningKey(kid=kid, private=private, jwk=jwk, public=public)


def public_jwks() -> dict[str, Any]:
    """Return the key set (RFC 7517) under which every token of ours can be verified."""
    return {"keys": [signing_key().public]}


def create_key_file(path: Path) -> bool:
    """Make a key at ``path``, for its owner alone to read, unless there is one; return whether one was made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.NamedTemporaryFile(dir=path.parent) as draft:
        draft.write(pem)
        draft.flush()
        try:
            # A link appears whole or not at all, so a reader never meets half a key.
            os.link(draft.name, path)
        except FileExistsError:
            return False
    return True
