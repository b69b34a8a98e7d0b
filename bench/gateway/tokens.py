"""Access tokens of as many people as are wanted, signed by a key of this run."""

import json
import time
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS

KEY_ID = "bench"
LIFE_SECONDS = 6 * 3600


class Tokens:
    """Signs tokens as the issuer does (RFC 9068), good for as long as a run takes."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._jws = PyJWS()

    def keys(self) -> dict[str, Any]:
        """Return the keys as the issuer publishes them."""
        public = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "ES256"}]}

    def make(self, count: int) -> list[str]:
        return [self._sign(f"person{number}") for number in range(count)]

    def _sign(self, username: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": "ficus",
            "sub": str(uuid4()),
            "client_id": "ficus",
            "exp": now + LIFE_SECONDS,
            "iat": now,
            "nbf": now,
            "jti": str(uuid4()),
            "scope": "users:read users:write orders:read orders:write",
            "roles": ["customer"],
            "sid": str(uuid4()),
            "username": username,
        }
        header = {"kid": KEY_ID, "typ": "at+jwt"}
        return self._jws.encode(json.dumps(claims).encode(), self._key, algorithm="ES256", headers=header)
