"""Which answers are compressed, what their heads say then, and that they can be unpacked; RFC 9110, section 8.4."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from backports import zstd

from gateway.data.message.answer import answer_head
from gateway.data.message.request import Field, Request
from gateway.data.policies.compress import Compress, compress
from gateway.data.routing.route import Route
from tests.gateway.making import request

ROUTE = Route("orders", "orders", b"/orders")
JSON = (b"content-type", b"application/json")
UNPACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "zstd": zstd.decompress}


def asked(terms: Compress | None = None, accepted: str = "gzip", method: str = "GET") -> Request:
    made = request(method, "/orders", f"Accept-Encoding: {accepted}", route=ROUTE)
    compress(made, terms or Compress())
    return made


def begun(made: Request, *fields: Field, status: int = 200, length: int | None = 5000) -> dict[str, str]:
    """Return the head that the client gets."""
    assert made.compression is not None
    active = made.compression.begin(made, status, list(fields), length)
    head = answer_head(made, status, list(fields), None if active else length, chunked=False, closes=False)
    return dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:-2] if not line.startswith("x-request"))


class TestCompress:
    @pytest.mark.parametrize("coding", ["gzip", "zstd"])
    def test_encodes_piece_by_piece_what_a_client_can_unpack(self, coding: str) -> None:
        made = asked(accepted=coding)
        pieces = [b'{"number": %d}' % number for number in range(2000)]

        head = begun(made, JSON, (b"etag", b'"a"'), (b"accept-ranges", b"bytes"), (b"vary", b"Accept"), length=None)
        assert made.compression is not None
        body = b"".join(map(made.compression.encode, pieces)) + made.compression.finish()

        assert head == {
            "content-type": "application/json",
            "etag": 'W/"a"',
            "vary": "Accept, Accept-Encoding",
            "content-encoding": coding,
        }
        assert UNPACKED[coding](body) == b"".join(pieces)
        assert len(body) < len(b"".join(pieces)) / 3

    def test_holds_nothing_back_from_who_waits_for_a_stream(self) -> None:
        made = asked()
        begun(made, JSON, length=None)
        assert made.compression is not None

        sent = made.compression.encode(b"first") + made.compression.pause()

        assert zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(sent) == b"first"

    def test_gathers_what_has_a_length(self) -> None:
        made = asked()
        begun(made, JSON)
        assert made.compression is not None

        made.compression.encode(b"first")

        assert made.compression.pause() == b""

    @pytest.mark.parametrize(
        ("fields", "status", "length"),
        [
            ([JSON, (b"content-encoding", b"br")], 200, 5000),
            ([JSON, (b"cache-control", b"public, No-Transform")], 200, 5000),
            ([JSON, (b"content-range", b"bytes 0-4999/9000")], 206, 5000),
            ([JSON], 206, 5000),
            ([JSON], 200, 1023),
            ([(b"content-type", b"text/event-stream; charset=utf-8")], 200, None),
            ([(b"content-type", b"image/png")], 200, 5000),
            ([], 200, 5000),
            ([JSON], 204, None),
        ],
    )
    def test_leaves_alone_what_is_not_to_be_touched(self, fields: list[Field], status: int, length: int | None) -> None:
        made = asked()
        sent = {name.decode(): value.decode() for name, value in fields}

        head = begun(made, *fields, status=status, length=length)
        head.pop("content-length", None)

        assert head == sent

    @pytest.mark.parametrize("media_type", ["TEXT/HTML; charset=utf-8", "application/problem+json", "image/svg+xml"])
    def test_covers_text_of_every_kind(self, media_type: str) -> None:
        assert begun(asked(), (b"content-type", media_type.encode()))["content-encoding"] == "gzip"

    def test_says_that_others_would_get_it_encoded(self) -> None:
        assert begun(asked(accepted="br"), JSON, (b"etag", b'"a"')) == {
            "content-type": "application/json",
            "etag": '"a"',
            "vary": "Accept-Encoding",
            "content-length": "5000",
        }

    def test_names_in_a_304_what_it_would_name_otherwise(self) -> None:
        assert begun(asked(), (b"etag", b'"a"'), status=304, length=None) == {
            "etag": 'W/"a"',
            "vary": "Accept-Encoding",
        }

    def test_gives_head_the_fields_and_no_length(self) -> None:
        made = asked(method="HEAD")

        head = begun(made, JSON)

        assert head == {"content-type": "application/json", "vary": "Accept-Encoding", "content-encoding": "gzip"}
        assert made.compression is not None
        assert made.compression.finish() == b""

    def test_is_refused_for_event_streams(self) -> None:
        terms = Compress(types=["text/event-stream"])

        assert list(terms.mistakes(ROUTE, ("orders",))) == ["text/event-stream is never compressed"]
