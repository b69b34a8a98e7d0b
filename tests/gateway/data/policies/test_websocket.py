import pytest

from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.stream import Stream, stream
from gateway.data.policies.websocket import Websocket, websocket
from gateway.data.routing.route import Route
from tests.gateway.making import request

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = ("Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13", KEY)
TERMS = Websocket(origins=["https://app.test"])


def handshake(*more: str) -> Request:
    return request("GET", "/live", *HANDSHAKE, *more)


class TestWebsocket:
    @pytest.mark.parametrize("origin", ["", "https://app.test", "https://ficus.test", "http://ficus.test"])
    def test_lets_a_handshake_go_on(self, origin: str) -> None:
        asked = handshake(*([f"Origin: {origin}"] if origin else []))

        websocket(asked, TERMS)

        assert asked.tunnel is TERMS
        assert asked.kept[-2:] == [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]

    @pytest.mark.parametrize("origin", ["null", "https://evil.test", "https://app.test.evil.test"])
    def test_refuses_pages_of_other_origins(self, origin: str) -> None:
        asked = handshake(f"Origin: {origin}")

        with pytest.raises(Refusal) as refused:
            websocket(asked, TERMS)

        assert refused.value.status == 403
        assert asked.tunnel is None

    @pytest.mark.parametrize(
        "fields", [(), ("Upgrade: websocket",), ("Connection: upgrade", "Upgrade: h2c"), ("Connection: upgrade",)]
    )
    def test_leaves_other_requests_alone(self, fields: tuple[str, ...]) -> None:
        asked = request("GET", "/live", *fields)

        websocket(asked, TERMS)

        assert asked.tunnel is None
        assert (b"upgrade", b"websocket") not in asked.kept

    def test_is_not_for_routes_whose_answers_are_kept(self) -> None:
        route = Route("live", "orders", b"/live", policies={"cache": object()})

        assert list(TERMS.mistakes(route, ())) == ["a route whose answers are kept has no WebSocket"]


class TestStream:
    def test_sets_how_long_a_service_may_be_silent(self) -> None:
        asked = request("GET", "/events")

        stream(asked, Stream(idle_seconds=600))

        assert asked.idle_seconds == 600
