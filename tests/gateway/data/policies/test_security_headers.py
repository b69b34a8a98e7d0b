import msgspec
import pytest

from gateway.data.message.answer import own_answer
from gateway.data.policies.security_headers import SecurityHeaders, security_headers
from gateway.data.policies.terms import read
from gateway.data.routing.route import Route
from tests.gateway.making import request

ROUTE = Route("orders", "orders", b"/orders")
HTTPS = ("X-Forwarded-Proto: https",)


def answered(terms: SecurityHeaders, *fields: str, said: tuple[tuple[bytes, bytes], ...] = ()) -> dict[str, str]:
    """Return what is said beyond the length, to a client behind a proxy that is believed."""
    asked = request("GET", "/orders", *fields, route=ROUTE, peer="10.0.0.1")
    security_headers(asked, terms)
    lines = own_answer(asked, 401, said, b"", closes=False).decode().split("\r\n")[1:-2]
    return dict(line.split(": ", 1) for line in lines if not line.startswith("content-length"))


class TestSecurityHeaders:
    def test_say_the_same_of_every_answer(self) -> None:
        assert answered(SecurityHeaders()) == {
            "x-content-type-options": "nosniff",
            "referrer-policy": "strict-origin-when-cross-origin",
            "content-security-policy": "frame-ancestors 'none'",
        }

    def test_speak_of_https_over_https_alone(self) -> None:
        terms = SecurityHeaders(hsts_subdomains=True, nosniff=False, referrer_policy="", content_security_policy="")

        assert answered(terms) == {}
        assert answered(terms, *HTTPS) == {"strict-transport-security": "max-age=31536000; includeSubDomains"}
        assert "strict-transport-security" not in answered(SecurityHeaders(hsts_seconds=0), *HTTPS)

    def test_let_the_service_s_own_word_stand_unless_the_route_overrides_it(self) -> None:
        said = ((b"referrer-policy", b"origin"), (b"content-security-policy", b"default-src 'self'"))
        terms = SecurityHeaders(nosniff=False, permissions_policy="camera=()")

        assert answered(terms, said=said) == {
            "referrer-policy": "origin",
            "content-security-policy": "default-src 'self'",
            "permissions-policy": "camera=()",
        }
        overriding = msgspec.structs.replace(terms, override=True)
        assert answered(overriding, said=said) == {
            "referrer-policy": "strict-origin-when-cross-origin",
            "content-security-policy": "frame-ancestors 'none'",
            "permissions-policy": "camera=()",
        }

    @pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "caf\u00e9", "\x00"])
    def test_cannot_be_made_to_say_another_field(self, value: str) -> None:
        _, mistakes = read(SecurityHeaders, {"permissions_policy": value})

        assert len(mistakes) == 1
        assert mistakes[0].startswith("permissions_policy: Expected `str` matching regex")
