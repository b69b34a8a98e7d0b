"""
Tokens for tests: signed by a key of the test process, good for ``settings.TOKENS`` after ``trusting``.

    @pytest.fixture(autouse=True)
    def trusted_tokens(settings):
        settings.TOKENS = tokens.trusting(settings.TOKENS)

    client.get("/orders", **tokens.bearer(user_id=ada, username="ada"))
"""

import json
import time
from contextlib import suppress
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS

KID = "test-key"


def make_key() -> ec.EllipticCurvePrivateKey:
    """Return a new key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def own_key() -> ec.EllipticCurvePrivateKey:
    """Return the one key that this process's test tokens are signed with."""
    return make_key()


def jwks(*keys: ec.EllipticCurvePrivateKey, kid: str = KID) -> dict[str, Any]:
    """Return the JWK set that publishes ``keys``; further ones are named ``<kid>-1`` and so on."""
    names = [kid, *(f"{kid}-{number}" for number in range(1, len(keys)))]
    return {"keys": [_jwk(key, name) for key, name in zip(keys, names, strict=True)]}


def _jwk(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    return {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", "alg": "ES256"}


def trusting(configured: dict[str, Any]) -> dict[str, Any]:
    """
    Return ``settings.TOKENS`` with the test key trusted beside the keys that the process itself holds, if any.

    Nobody is asked what is revoked.
    """
    return {**configured, "JWKS": f"{__name__}.trusted_jwks", "OWN_JWKS": configured["JWKS"], "REVOCATIONS": ""}


def trusted_jwks() -> dict[str, Any]:
    """Return the test key and, where ``settings.TOKENS`` named a function, the keys that it returns now, if any."""
    own = settings.TOKENS.get("OWN_JWKS")
    keys = jwks(own_key())["keys"]
    if isinstance(own, str) and not own.startswith("http"):
        # A test that issues no token of its own need not make the key that signs them.
        with suppress(ImproperlyConfigured):
            keys += import_string(own)()["keys"]
    return {"keys": keys}


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good token of a customer, with ``changes``; a change to None takes the claim away."""
    now = int(time.time())
    good = {
        "iss": settings.TOKENS["ISSUER"],
        "aud": settings.TOKENS["AUDIENCE"],
        "sub": str(uuid4()),
        "client_id": settings.TOKENS["FIRST_PARTY"],
        "exp": now + 300,
        "iat": now,
        "nbf": now,
        "jti": str(uuid4()),
        "scope": " ".join(settings.TOKENS["SCOPES"]),
        "roles": ["customer"],
        "sid": str(uuid4()),
        "username": "somebody",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def sign(payload: dict[str, Any], key: ec.EllipticCurvePrivateKey | None = None, **header: Any) -> str:
    """Return ``payload`` signed as an access token; ``header`` adds to or changes the token's header."""
    headers = {"kid": KID, "typ": "at+jwt", **header}
    return PyJWS().encode(json.dumps(payload).encode(), key or own_key(), algorithm="ES256", headers=headers)


def token(
    *,
    user_id: UUID | str | None = None,
    username: str = "somebody",
    roles: list[str] | None = None,
    scopes: list[str] | None = None,
    **changes: Any,
) -> str:
    """Return a good token of that person, by default a new customer with every scope; ``changes`` as in ``claims``."""
    return sign(
        claims(
            sub=str(user_id or uuid4()),
            username=username,
            roles=["customer"] if roles is None else roles,
            scope=" ".join(settings.TOKENS["SCOPES"] if scopes is None else scopes),
            **changes,
        )
    )


def bearer(**person: Any) -> dict[str, Any]:
    """Return the header of a request by that person, as keyword arguments for Django's and DRF's test clients."""
    return {"HTTP_AUTHORIZATION": f"Bearer {token(**person)}"}
