"""Proves semantics section 6: what is an access token, and what only looks like one."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from jwt.algorithms import ECAlgorithm

from ficus.auth.keys import KeySet, KeysUnavailable
from ficus.auth.principal import Principal
from ficus.auth.verifier import InvalidToken, UnknownKey, Verifier
from ficus.testing import tokens

REQUIRED = ("iss", "sub", "aud", "client_id", "exp", "iat", "nbf", "jti", "scope", "roles", "sid")
ADA = UUID("0198a1b2-0000-7000-8000-000000000001")


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def make_verifier(
    clock: Callable[[], float] = time.time,
    read: Callable[[], Any] | None = None,
    most_kept: int = 10,
    revoked: Callable[[float], Any] | None = None,
) -> Verifier:
    return Verifier(
        issuer=settings.TOKENS["ISSUER"],
        audience=settings.TOKENS["AUDIENCE"],
        keys=KeySet(read or (lambda: tokens.jwks(tokens.own_key()))),
        clock=clock,
        most_kept=most_kept,
        revoked=revoked,
    )


@pytest.fixture
def verifier() -> Verifier:
    return make_verifier()


def segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: Any, payload: Any) -> str:
    """Return a token with exactly this header, whatever it says, and a good ES256 signature."""
    unsigned = f"{segment(header)}.{segment(payload)}"
    return f"{unsigned}.{segment(ECAlgorithm(ECAlgorithm.SHA256).sign(unsigned.encode(), tokens.own_key()))}"


def public_pem() -> bytes:
    return (
        tokens.own_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


class TestVerify:
    def test_returns_whom_the_token_speaks_of(self, verifier: Verifier) -> None:
        token = tokens.token(
            user_id=ADA, username="ada", roles=["support"], scopes=["orders:read"], client_id="web", sid="s-1"
        )

        principal = verifier.verify(token)

        assert principal == Principal(
            subject=str(ADA),
            id=ADA,
            username="ada",
            roles=frozenset({"support"}),
            scopes=frozenset({"orders:read"}),
            client_id="web",
            session_id="s-1",
        )

    def test_takes_a_subject_that_is_no_uuid_for_a_program(self, verifier: Verifier) -> None:
        principal = verifier.verify(tokens.sign(tokens.claims(sub="billing", roles=[], scope="", username=None)))

        assert (principal.id, principal.subject, principal.roles) == (None, "billing", frozenset())

    def test_accepts_a_list_of_audiences_that_names_ours(self, verifier: Verifier) -> None:
        token = tokens.sign(tokens.claims(aud=["other", settings.TOKENS["AUDIENCE"]]))

        assert verifier.verify(token).username == "somebody"

    def test_accepts_the_media_type_written_in_full(self, verifier: Verifier) -> None:
        token = tokens.sign(tokens.claims(), typ="application/AT+JWT")

        assert verifier.verify(token).username == "somebody"

    def test_ignores_keys_and_addresses_that_the_token_brings_along(self, verifier: Verifier) -> None:
        brought = {
            "jku": "http://127.0.0.1:1/jwks.json",
            "x5u": "http://127.0.0.1:1/cert.pem",
            "jwk": tokens.jwks(tokens.own_key())["keys"][0],
            "x5c": ["AAAA"],
        }

        assert verifier.verify(tokens.sign(tokens.claims(), **brought)).username == "somebody"


class TestVerifyRefuses:
    @pytest.mark.parametrize("name", REQUIRED)
    def test_a_token_without(self, verifier: Verifier, name: str) -> None:
        with pytest.raises(InvalidToken, match=name):
            verifier.verify(tokens.sign(tokens.claims(**{name: None})))

    @pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
    @pytest.mark.parametrize("kind", [str, float, lambda _: True, lambda value: [value]])
    def test_a_time_that_is_no_integer(self, verifier: Verifier, name: str, kind: Callable[[int], Any]) -> None:
        good = tokens.claims()

        with pytest.raises(InvalidToken, match=name):
            verifier.verify(tokens.sign({**good, name: kind(good[name])}))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("iss", "https://elsewhere.example"),
            ("iss", ["http://127.0.0.1:8000"]),
            ("aud", "elsewhere"),
            ("aud", ["elsewhere"]),
            ("aud", {"ficus": True}),
            ("sub", ""),
            ("sub", 7),
            ("roles", "admin"),
            ("roles", [1]),
            ("scope", ["orders:read"]),
            ("sid", ""),
            ("username", 7),
        ],
    )
    def test_a_claim_of_another_kind_or_value(self, verifier: Verifier, name: str, value: Any) -> None:
        with pytest.raises(InvalidToken, match=name):
            verifier.verify(tokens.sign(tokens.claims(**{name: value})))

    def test_a_token_that_has_expired_this_second(self) -> None:
        issued = tokens.claims()
        verifier = make_verifier(Clock(issued["exp"]))

        with pytest.raises(InvalidToken, match="exp"):
            verifier.verify(tokens.sign(issued))

    @pytest.mark.parametrize("name", ["nbf", "iat"])
    def test_a_token_from_the_future_beyond_the_skew_of_clocks(self, verifier: Verifier, name: str) -> None:
        now = int(time.time())

        assert verifier.verify(tokens.sign(tokens.claims(**{name: now + 4})))
        with pytest.raises(InvalidToken, match=name):
            verifier.verify(tokens.sign(tokens.claims(**{name: now + 60})))

    @pytest.mark.parametrize("kind", ["JWT", "id+jwt", "", None, 7])
    def test_another_kind_of_token(self, verifier: Verifier, kind: Any) -> None:
        header = {"alg": "ES256", "kid": tokens.KID, "typ": kind}
        token = signed(header, tokens.claims())

        with pytest.raises(InvalidToken):
            verifier.verify(token)

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
    def test_a_token_that_is_not_signed(self, verifier: Verifier, algorithm: str) -> None:
        header = {"alg": algorithm, "kid": tokens.KID, "typ": "at+jwt"}

        with pytest.raises(InvalidToken):
            verifier.verify(f"{segment(header)}.{segment(tokens.claims())}.")

    def test_a_token_signed_with_our_public_key_as_a_shared_secret(self, verifier: Verifier) -> None:
        header = {"alg": "HS256", "kid": tokens.KID, "typ": "at+jwt"}
        unsigned = f"{segment(header)}.{segment(tokens.claims())}"
        signature = hmac.new(public_pem(), unsigned.encode(), hashlib.sha256).digest()

        with pytest.raises(InvalidToken, match="algorithm"):
            verifier.verify(f"{unsigned}.{segment(signature)}")

    @pytest.mark.parametrize("algorithm", ["RS256", "ES384", "ES512", "EdDSA", "PS256", "es256", ["ES256"], None])
    def test_any_other_algorithm(self, verifier: Verifier, algorithm: Any) -> None:
        token = tokens.sign(tokens.claims())
        header = {"alg": algorithm, "kid": tokens.KID, "typ": "at+jwt"}

        with pytest.raises(InvalidToken):
            verifier.verify(".".join([segment(header), *token.split(".")[1:]]))

    def test_a_token_signed_by_another_key_under_our_key_id(self, verifier: Verifier) -> None:
        with pytest.raises(InvalidToken, match="signature"):
            verifier.verify(tokens.sign(tokens.claims(), tokens.make_key()))

    def test_a_payload_that_was_changed(self, verifier: Verifier) -> None:
        header, _, signature = tokens.sign(tokens.claims()).split(".")

        with pytest.raises(InvalidToken, match="signature"):
            verifier.verify(f"{header}.{segment(tokens.claims(roles=['admin']))}.{signature}")

    def test_a_signature_of_zeroes(self, verifier: Verifier) -> None:
        header, payload, _ = tokens.sign(tokens.claims()).split(".")

        with pytest.raises(InvalidToken):
            verifier.verify(f"{header}.{payload}.{segment(bytes(64))}")

    def test_a_token_over_eight_kibibytes(self, verifier: Verifier) -> None:
        with pytest.raises(InvalidToken, match="too long"):
            verifier.verify(tokens.token(padding="x" * 8192))

    @pytest.mark.parametrize(
        "extra", [{"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]}, {"kid": ""}, {"kid": "elsewhere"}]
    )
    def test_a_header_that_it_does_not_understand(self, verifier: Verifier, extra: dict[str, Any]) -> None:
        header = {"alg": "ES256", "kid": tokens.KID, "typ": "at+jwt", **extra}
        token = signed(header, tokens.claims())

        with pytest.raises(InvalidToken):
            verifier.verify(token)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "a.b.c.d.e",
            "ä.b.c",
            f"{segment([])}.{segment({})}.",
            f"{segment({'alg': 'ES256', 'typ': 'at+jwt', 'kid': [1]})}.{segment({})}.AAAA",
            f"{segment(b'[' * 3000)}.{segment({})}.AAAA",
            "\x00",
        ],
    )
    def test_what_is_no_token_at_all(self, verifier: Verifier, text: str) -> None:
        with pytest.raises(InvalidToken):
            verifier.verify(text)

    @pytest.mark.parametrize("payload", [[], "text", 7, None])
    def test_a_payload_that_is_no_object(self, verifier: Verifier, payload: Any) -> None:
        token = signed({"alg": "ES256", "kid": tokens.KID, "typ": "at+jwt"}, payload)

        with pytest.raises(InvalidToken):
            verifier.verify(token)


class TestKeptTokens:
    def test_are_forgotten_when_they_expire(self) -> None:
        issued = tokens.claims()
        clock = Clock(issued["iat"])
        verifier = make_verifier(clock)
        token = tokens.sign(issued)
        first = verifier.verify(token)

        again = verifier.verify(token)
        clock.now = issued["exp"]

        assert again is first
        with pytest.raises(InvalidToken):
            verifier.verify(token)

    def test_are_forgotten_when_their_key_is_withdrawn(self) -> None:
        published = [tokens.jwks(tokens.own_key())]
        clock = Clock(0.0)
        keys = KeySet(lambda: published[0], clock)
        verifier = Verifier(issuer=settings.TOKENS["ISSUER"], audience=settings.TOKENS["AUDIENCE"], keys=keys)
        token = tokens.token()
        verifier.verify(token)

        published[0] = tokens.jwks(tokens.make_key(), kid="other")
        clock.now = 31.0
        keys.refresh()

        with pytest.raises(UnknownKey):
            verifier.check(token)

    def test_are_bounded_in_number(self) -> None:
        verifier = make_verifier(most_kept=3)

        for _ in range(10):
            verifier.verify(tokens.token())

        assert len(verifier._kept) == 3

    def test_share_what_is_the_same_in_many(self, verifier: Verifier) -> None:
        ada, bob = (verifier.verify(tokens.token(username=name)) for name in ("ada", "bob"))

        assert (ada.scopes, ada.roles) == (set(settings.TOKENS["SCOPES"]), {"customer"})
        assert ada.scopes is bob.scopes
        assert ada.roles is bob.roles


class TestCheck:
    def test_never_reads_the_keys_itself(self) -> None:
        def read() -> Any:
            raise AssertionError("the keys were read")

        with pytest.raises(UnknownKey):
            make_verifier(read=read).check(tokens.token())

    def test_knows_the_token_once_the_keys_were_read(self, verifier: Verifier) -> None:
        verifier.keys.refresh()

        assert verifier.check(tokens.token(username="ada")).username == "ada"


class TestWithoutKeys:
    def test_says_that_it_cannot_tell_rather_than_that_the_token_is_wrong(self) -> None:
        def read() -> Any:
            raise ConnectionError("refused")

        with pytest.raises(KeysUnavailable):
            make_verifier(read=read).verify(tokens.token())
