import pytest

from gateway.data.message.cookies import value_of, without
from gateway.data.message.fields import answer_fields
from gateway.data.message.refusal import Refusal
from tests.gateway.making import request


class TestRequestFields:
    def test_go_on_as_they_came_unless_the_gateway_answers_for_them(self) -> None:
        made = request("GET", "/", "Accept: a", "Accept: b", "X-Custom: c", "Cookie: d=e", "Authorization: f")

        assert made.kept == [(b"accept", b"a"), (b"accept", b"b"), (b"x-custom", b"c")]
        assert made.fields[b"accept"] == b"a, b"
        assert (made.fields[b"cookie"], made.fields[b"authorization"]) == (b"d=e", b"f")

    def test_that_came_in_several_lines_are_joined(self) -> None:
        made = request("GET", "/", "Cookie: a=b", "Cookie: c=d", "Prefer: x", "Prefer: wait=1")

        assert (made.fields[b"cookie"], made.fields[b"prefer"]) == (b"a=b; c=d", b"x, wait=1")

    @pytest.mark.parametrize("name", ["X-User-Id", "x-ficus-roles", "X_User_Id", "X-Forwarded-User", "Any_Thing", "TE"])
    def test_lose_claims_of_identity_and_what_is_for_this_hop(self, name: str) -> None:
        assert request("GET", "/", f"{name}: 1").kept == []

    def test_lose_what_connection_names_but_not_what_is_read_by_name(self) -> None:
        made = request(
            "GET", "/", "Connection: X-Hop, Authorization, Cookie", "X-Hop: 1", "Authorization: a", "Cookie: b"
        )

        assert made.kept == []
        assert (made.fields[b"authorization"], made.fields[b"cookie"]) == (b"a", b"b")

    @pytest.mark.parametrize("name", ["Host", "Authorization", "Content-Type", "Idempotency-Key", "Origin"])
    def test_of_which_there_is_one_cannot_come_twice(self, name: str) -> None:
        with pytest.raises(Refusal) as refused:
            request("GET", "/", f"{name}: ficus.test", f"{name}: ficus.test")

        assert (refused.value.status, refused.value.code) == (400, "doubled_header")


class TestAnswerFields:
    def test_lose_hop_by_hop_fields_and_what_connection_names(self) -> None:
        headers = [(b"connection", b"X-Hop, close"), (b"x-hop", b"1"), (b"server", b"s"), (b"etag", b"e")]

        assert answer_fields(headers) == [(b"etag", b"e")]


class TestCookies:
    def test_are_found_by_their_whole_name(self) -> None:
        assert value_of(b"xa=1; a=2; a=3", b"a") == b"2"
        assert value_of(b"xa=1", b"a") == b""

    def test_are_taken_out_by_name(self) -> None:
        assert without(b"a=1;b=2 ; c; a=3", frozenset((b"a", b"c"))) == b"b=2"
        assert without(b"a=1", frozenset((b"a",))) == b""
