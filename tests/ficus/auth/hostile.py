"""Tokens that must not be taken: each is 401 wherever one is shown, and nobody is asked anything for it."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.conf import settings
from jwt.algorithms import ECAlgorithm

from ficus.testing import tokens
from tests.ficus.auth.test_verifier import public_pem, segment, signed

GOOD_HEADER = {"alg": "ES256", "kid": tokens.KID, "typ": "at+jwt"}
HOUR = 3600


@dataclass(frozen=True)
class Case:
    """
    :ivar make: returns the token, given the address of a server of the attacker's.
    """

    name: str
    make: Callable[[str], str]


def _now() -> int:
    return int(time.time())


def _with(**changes: Any) -> Callable[[str], str]:
    """A token with a good signature and these claims; a change to None takes the claim away."""
    return lambda _: tokens.sign(tokens.claims(**{name: _value(value) for name, value in changes.items()}))


def _value(value: Any) -> Any:
    return value() if callable(value) else value


def _headed(payload: Callable[[], Any] = tokens.claims, **header: Any) -> Callable[[str], str]:
    """A token with a good signature over this header."""
    return lambda _: signed({**GOOD_HEADER, **header}, payload())


def _forged(**header: Any) -> Callable[[str], str]:
    """A token of an administrator, signed by the attacker's key, with a header that leads to that key."""

    def make(place: str) -> str:
        brought = {name: value(place) if callable(value) else value for name, value in header.items()}
        return tokens.sign(tokens.claims(roles=["admin"]), ATTACKER, **brought)

    return make


def _unsigned(algorithm: str, signature: str = "") -> Callable[[str], str]:
    def make(_: str) -> str:
        return f"{segment({**GOOD_HEADER, 'alg': algorithm})}.{segment(tokens.claims(roles=['admin']))}.{signature}"

    return make


def _with_secret(secret: Callable[[], bytes], algorithm: str = "HS256") -> Callable[[str], str]:
    """Signed with what everybody can know, as if it were a shared secret (CVE-2015-9235)."""

    def make(_: str) -> str:
        unsigned = f"{segment({**GOOD_HEADER, 'alg': algorithm})}.{segment(tokens.claims(roles=['admin']))}"
        digest = getattr(hashlib, f"sha{algorithm[2:]}")
        return f"{unsigned}.{segment(hmac.new(secret(), unsigned.encode(), digest).digest())}"

    return make


def _with_rsa(_: str) -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    unsigned = f"{segment({**GOOD_HEADER, 'alg': 'RS256'})}.{segment(tokens.claims())}"
    return f"{unsigned}.{segment(private.sign(unsigned.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _altered(change: Callable[[str, str, str], str]) -> Callable[[str], str]:
    """A good token of which one part is another."""
    return lambda _: change(*tokens.token().split("."))


def _own_jwk() -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(ATTACKER.public_key()))
    return jwk


def _own_pem() -> str:
    der = ATTACKER.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b64encode(der).decode()


def _in_der(header: str, payload: str, signature: str) -> str:
    """The same signature in the form of X.509, which JWS does not know (RFC 7518, section 3.4)."""
    der = tokens.own_key().sign(f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
    return f"{header}.{payload}.{segment(der)}"


def _twice(name: str, first: Any) -> Callable[[str], str]:
    """A payload that says one thing twice, the second time as it should be, behind a signature that is none."""

    def make(_: str) -> str:
        text = json.dumps(tokens.claims())
        payload = b'{"%b": %b, ' % (name.encode(), json.dumps(first).encode()) + text[1:].encode()
        return f"{segment(GOOD_HEADER)}.{segment(payload)}.{segment(bytes(64))}"

    return make


ATTACKER = tokens.make_key()

ALGORITHMS = [
    *(Case(f"alg {name!r} and no signature", _unsigned(name)) for name in ("none", "None", "NONE", "nOnE", "")),
    Case("alg none and some signature", _unsigned("none", segment(bytes(64)))),
    Case("alg ES256 and no signature", _unsigned("ES256")),
    Case("public key as a secret", _with_secret(public_pem)),
    Case("public key as a longer secret", _with_secret(public_pem, "HS512")),
    Case("published key as a secret", _with_secret(lambda: json.dumps(tokens.jwks(tokens.own_key())).encode())),
    Case("empty secret", _with_secret(bytes)),
    Case("secret of development", _with_secret(settings.SECRET_KEY.encode)),
    Case("RSA", _with_rsa),
    *(
        Case(f"alg {name!r} said of a good signature", _headed(alg=name))
        for name in ("ES384", "ES512", "RS256", "PS256", "EdDSA", "es256", "ES256K", ["ES256"], None, 7)
    ),
]

KEYS = [
    Case("forged under our key id", _forged()),
    Case("forged with its key in jwk", _forged(jwk=lambda _: _own_jwk())),
    Case("forged with jku", _forged(jku=lambda place: f"{place}/jwks.json", kid="theirs")),
    Case("forged with jku and our key id", _forged(jku=lambda place: f"{place}/jwks.json")),
    Case("forged with jku and our address before an @", _forged(jku=lambda at: at.replace("//", "//127.0.0.1@"))),
    Case("forged with x5u", _forged(x5u=lambda place: f"{place}/cert.pem", kid="theirs")),
    Case("forged with x5u and our key id", _forged(x5u=lambda place: f"{place}/cert.pem")),
    Case("forged with x5c", _forged(x5c=lambda _: [_own_pem()])),
    Case("forged with x5t", _forged(**{"x5t": "AAAA", "x5t#S256": "AAAA"})),
    Case("forged by an issuer of its own", lambda at: tokens.sign(tokens.claims(iss=at), ATTACKER, kid="theirs")),
    Case("key id that is an address", _forged(kid=lambda place: f"{place}/key")),
    Case("key id that is a file", _forged(kid="../../../../dev/null")),
    Case("key id that is SQL", _forged(kid="x' UNION SELECT 'key")),
    Case("key id that is a command", _forged(kid="| curl http://127.0.0.1:1")),
    Case("key id that nobody has published", _forged(kid="unheard-of")),
    Case("key id that is no text", _headed(kid=[tokens.KID])),
    Case("key id that is empty", _headed(kid="")),
    Case("no key id", _headed(kid=None)),
]

SIGNATURES = [
    Case("signature of zeros", _altered(lambda head, body, _: f"{head}.{body}.{segment(bytes(64))}")),
    Case("signature of ones", _altered(lambda head, body, _: f"{head}.{body}.{segment(bytes([255] * 64))}")),
    Case("signature cut short", _altered(lambda head, body, end: f"{head}.{body}.{end[:-4]}")),
    Case("signature made longer", _altered(lambda head, body, end: f"{head}.{body}.{end}AAAA")),
    Case("signature in DER", _altered(_in_der)),
    Case("signature of another token", _altered(lambda head, body, _: f"{head}.{body}.{tokens.token().split('.')[2]}")),
    Case("payload of another token", _altered(lambda head, _, end: f"{head}.{segment(tokens.claims())}.{end}")),
    Case("header of another token", _altered(lambda _, body, end: f"{segment({**GOOD_HEADER, 'x': 1})}.{body}.{end}")),
    Case("role said twice", _twice("roles", ["admin"])),
]

HEADERS = [
    *(Case(f"typ {kind!r}", _headed(typ=kind)) for kind in ("JWT", "id+jwt", "logout+jwt", "at+jwt ", "", None, 7)),
    Case("crit", _headed(crit=["exp"])),
    Case("empty crit", _headed(crit=[])),
    Case("crit that is not known", _headed(crit=["urn:x"], **{"urn:x": True})),
    Case("payload that is not encoded", _headed(b64=False, crit=["b64"])),
    Case("compressed", _headed(payload=lambda: "x" * 100, zip="DEF")),
    Case("header that is a list", lambda _: signed([GOOD_HEADER], tokens.claims())),
    Case("header that is deep", lambda _: f"{segment(b'[' * 3000)}.{segment({})}.AAAA"),
]

CLAIMS = [
    *(
        Case(f"without {name}", _with(**{name: None}))
        for name in ("iss", "sub", "aud", "client_id", "exp", "iat", "nbf", "jti", "scope", "roles", "sid")
    ),
    Case("expired this second", _with(exp=_now)),
    Case("expired an hour ago", _with(exp=lambda: _now() - HOUR, iat=lambda: _now() - 2 * HOUR)),
    Case("not yet good", _with(nbf=lambda: _now() + HOUR)),
    Case("issued in an hour", _with(iat=lambda: _now() + HOUR)),
    Case("exp that is text", _with(exp=lambda: str(_now() + HOUR))),
    Case("exp that is a fraction", _with(exp=lambda: _now() + HOUR + 0.5)),
    Case("exp that is true", _with(exp=True)),
    Case("exp that is infinite", lambda _: signed(GOOD_HEADER, {**tokens.claims(), "exp": float("inf")})),
    Case("exp that is no number", lambda _: signed(GOOD_HEADER, {**tokens.claims(), "exp": float("nan")})),
    Case("another issuer", lambda place: tokens.sign(tokens.claims(iss=place))),
    Case("our issuer with a slash", _with(iss=lambda: settings.TOKENS["ISSUER"] + "/")),
    Case("our issuer among others", _with(iss=lambda: [settings.TOKENS["ISSUER"]])),
    Case("another audience", _with(aud="elsewhere")),
    Case("an audience that begins as ours", _with(aud=lambda: settings.TOKENS["AUDIENCE"] + "-admin")),
    Case("an audience that is an object", _with(aud=lambda: {settings.TOKENS["AUDIENCE"]: True})),
    Case("roles that are text", _with(roles="admin")),
    Case("roles that are an object", _with(roles={"admin": True})),
    Case("a role that is a list", _with(roles=[["admin"]])),
    Case("a scope that is a list", _with(scope=["orders:write"])),
    Case("a subject that is a number", _with(sub=1)),
    Case("an empty subject", _with(sub="")),
    Case("an empty session", _with(sid="")),
    Case("a username that is an object", _with(username={"a": 1})),
    Case("a payload that is a list", lambda _: signed(GOOD_HEADER, [tokens.claims()])),
    Case("a payload that is text", lambda _: signed(GOOD_HEADER, "admin")),
    Case("a payload that is deep", lambda _: signed(GOOD_HEADER, b"[" * 3000)),
]

FORMS = [
    Case("no token", lambda _: "x"),
    Case("dots", lambda _: ".."),
    Case("two parts", _altered(lambda head, body, _: f"{head}.{body}")),
    Case("four parts", _altered(lambda head, body, end: f"{head}.{body}.{end}.{end}")),
    Case("five parts, as if encrypted", lambda _: "a.b.c.d.e"),
    Case("JSON serialisation", lambda _: json.dumps({"payload": "x"}).replace(" ", "")),
    Case("padding", _altered(lambda head, body, end: f"{head}=.{body}.{end}=")),
    Case("other alphabet", lambda _: "+/+/.+/+/.+/+/"),
    Case("over eight kibibytes", lambda _: tokens.token(padding="x" * 9000)),
    Case("very many dots", lambda _: "." * 8000),
    Case("a letter that is not ASCII", lambda _: "é.b.c"),
    Case("an ID token", lambda _: tokens.sign(tokens.claims(aud="ficus", nonce="n"), typ="JWT")),
    Case("a refresh token", lambda _: "0QmTxq3n0eZ1vUe8sT3xw2p6Hk4bq0aGxW1Jd5rY9sU"),
]

CASES = [*ALGORITHMS, *KEYS, *SIGNATURES, *HEADERS, *CLAIMS, *FORMS]
