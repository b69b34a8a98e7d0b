from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.data.limiting.replies import Incomplete, ReplyError, read, written

WIRE = b":1\r\n*3\r\n:0\r\n:-12\r\n$2\r\nab\r\n+OK\r\n$-1\r\n*-1\r\n"
REPLIES = [1, [0, -12, b"ab"], b"OK", None, None]


class TestWritten:
    def test_counts_parts_and_bytes(self) -> None:
        assert written((b"SET", b"a\r\n", b"")) == b"*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n"


class TestRead:
    @given(st.lists(st.integers(1, len(WIRE)), max_size=8))
    def test_finds_the_same_however_it_comes(self, cuts: list[int]) -> None:
        places = [0, *sorted(set(cuts)), len(WIRE)]
        held, found = b"", []

        for start, end in pairwise(places):
            held += WIRE[start:end]
            at = 0
            try:
                while at < len(held):
                    reply, at = read(held, at)
                    found.append(reply)
            except Incomplete:
                pass
            held = held[at:]

        assert (found, held) == (REPLIES, b"")

    def test_hands_over_an_error_as_what_it_is(self) -> None:
        reply, _ = read(b"-NOSCRIPT No matching script.\r\n", 0)

        assert isinstance(reply, ReplyError)
        assert str(reply) == "NOSCRIPT No matching script."

    @pytest.mark.parametrize("wire", [b"HTTP/1.1 400 Bad Request\r\n", b":x\r\n", b"$x\r\n", b"\r\n"])
    def test_refuses_what_is_no_reply(self, wire: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - int() has its own words
            read(wire, 0)
