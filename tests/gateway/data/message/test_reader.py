from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.data.message.reader import MessageReader
from gateway.data.message.refusal import Refusal
from tests.gateway.hostile import CHUNKED, CHUNKS, CODINGS, HEADS, HOST, LENGTHS, LINES, UNFINISHED, Case
from tests.gateway.making import Receiver, read

GET = b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST /b HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello"
MANY = GET + POST + CHUNKED + b"5\r\nworld\r\n0\r\n\r\n"
# Whether there is a good Host, a known expectation or a body within the limit is for the policies to say.
LATER = ("host", "authorizations", "content types", "expectation", "gigabytes", "over the limit")
FRAMING = [
    case for case in [*LENGTHS, *CODINGS, *CHUNKS, *HEADS, *LINES] if not any(word in case.name for word in LATER)
]


def named(case: Case) -> str:
    return case.name


class TestHostileMessage:
    @pytest.mark.parametrize("case", [*FRAMING, *UNFINISHED], ids=named)
    def test_is_refused_when_it_comes_whole(self, case: Case) -> None:
        with pytest.raises(Refusal) as refused:
            read(case.sent)

        assert refused.value.status == case.status
        assert refused.value.closes

    @pytest.mark.parametrize("case", [*FRAMING, *UNFINISHED], ids=named)
    def test_is_refused_the_same_when_it_comes_byte_by_byte(self, case: Case) -> None:
        with pytest.raises(Refusal) as refused:
            read(case.sent, (case.sent[index : index + 1] for index in range(len(case.sent))))

        assert refused.value.status == case.status


class TestMethodThatIsNeverServed:
    @pytest.mark.parametrize("line", [b"TRACE /orders", b"CONNECT ficus.test:443"])
    def test_is_refused_with_those_that_are(self, line: bytes) -> None:
        with pytest.raises(Refusal) as refused:
            read(line + b" HTTP/1.1\r\nHost: ficus.test\r\n\r\n")

        assert refused.value.status == 405
        assert refused.value.headers == ((b"allow", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),)


class TestGoodMessage:
    def test_is_read_into_its_parts(self) -> None:
        receiver = read(b"POST /b?c HTTP/1.1\r\n" + HOST + b"X-Y:  z \t\r\nContent-Length: 05\r\n\r\nhello")

        (request,) = receiver.requests
        assert (request.method, request.target, request.minor, request.length) == (b"POST", b"/b?c", 1, 5)
        assert request.headers == [(b"host", b"ficus.test"), (b"x-y", b"z"), (b"content-length", b"05")]
        assert (receiver.body, receiver.ended) == (b"hello", 1)

    def test_may_have_one_empty_line_before_it(self) -> None:
        assert len(read(b"\r\n" + GET).requests) == 1

    def test_of_no_length_has_no_body(self) -> None:
        receiver = read(b"POST /b HTTP/1.1\r\n" + HOST + b"\r\n")

        assert [request.has_body for request in receiver.requests] == [False]
        assert receiver.ended == 0

    @pytest.mark.parametrize(
        ("version", "field", "stays"),
        [
            (b"1.1", b"", True),
            (b"1.1", b"Connection: close\r\n", False),
            (b"1.1", b"Connection: x, Close\r\n", False),
            (b"1.1", b"Connection: keep-alive\r\n", True),
            (b"1.0", b"", False),
            (b"1.0", b"Connection: keep-alive\r\n", False),
        ],
    )
    def test_says_whether_the_connection_stays(self, version: bytes, field: bytes, stays: bool) -> None:
        receiver = read(b"GET / HTTP/" + version + b"\r\n" + HOST + field + b"\r\n")

        assert [request.keep_alive for request in receiver.requests] == [stays]

    @pytest.mark.parametrize(
        "body", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
    )
    def test_keeps_its_body_beside_an_upgrade_that_is_not_taken(self, body: bytes) -> None:
        receiver = read(b"POST /b HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + body)

        assert receiver.body == b"hello"
        assert receiver.requests[0].keep_alive

    @given(st.lists(st.integers(1, len(MANY)), max_size=8))
    def test_is_the_same_however_it_is_cut(self, cuts: list[int]) -> None:
        edges = [0, *sorted(cuts), len(MANY)]
        pieces = [MANY[start:end] for start, end in pairwise(edges)]

        receiver = read(MANY, pieces)

        assert [request.method for request in receiver.requests] == [b"GET", b"POST", b"POST"]
        assert receiver.body == b"helloworld"


class TestNextMessage:
    def test_is_not_looked_at_before_the_present_one_is_done(self) -> None:
        receiver = Receiver()
        receiver.reader.receive(GET + POST)

        assert [request.target for request in receiver.requests] == [b"/a"]
        receiver.reader.go_on_to_next()
        assert [request.target for request in receiver.requests] == [b"/a", b"/b"]

    def test_is_found_behind_chunks(self) -> None:
        receiver = Receiver()
        receiver.reader.receive(CHUNKED + b"2\r\nhi\r\n0\r\n\r\n" + GET)

        assert [request.target for request in receiver.requests] == [b"/products"]
        receiver.reader.go_on_to_next()
        assert [request.target for request in receiver.requests] == [b"/products", b"/a"]
        assert receiver.body == b"hi"

    def test_is_found_behind_a_body_that_nobody_wants(self) -> None:
        receiver = Receiver(holds=True)
        receiver.reader.receive(POST + GET)

        assert receiver.reader.skip_body()
        receiver.reader.go_on_to_next()
        assert [request.target for request in receiver.requests] == [b"/b", b"/a"]
        assert receiver.body == b""


class TestHeldBody:
    def test_waits_until_it_is_released(self) -> None:
        receiver = Receiver()
        reader: MessageReader = receiver.reader
        reader.receive(POST[:-5])
        reader.hold()
        reader.receive(b"hello")

        assert (receiver.body, len(reader.pending), reader.in_body) == (b"", 5, True)
        reader.release()
        assert (receiver.body, len(reader.pending), reader.in_body) == (b"hello", 0, False)
