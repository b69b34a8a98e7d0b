"""
Cuts a chunked body out of what a client sends (RFC 9112, section 7.1), to the byte.

Read here rather than by llhttp, which does not say where a body ended, and takes chunk extensions for granted that
stricter readers behind us refuse.
"""

import re
from collections.abc import Callable

from gateway.data.message.refusal import Refusal, malformed

CHUNK_ALLOWANCE = 32  # bytes of framing granted for each chunk, beyond FRAMING_LIMIT in all
FRAMING_LIMIT = 16 * 1024  # bytes
TRAILER_LIMIT = 100  # fields

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*\r\n")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[\t -~\x80-\xff]*\r\n")
_FORBIDDEN = frozenset(
    (b"authorization", b"content-length", b"cookie", b"host", b"te", b"trailer", b"transfer-encoding")
)


class ChunkedBody:
    """
    One body, read as it comes. Fields after it are checked and dropped.

    :ivar complete: whether it has ended.
    """

    __slots__ = ("_awaits_end", "_excess", "_in_trailer", "_left", "_trailers", "complete")

    def __init__(self) -> None:
        self.complete = False
        self._left = 0  # of the present chunk
        self._awaits_end = False  # of the present chunk, whose bytes have all come
        self._in_trailer = False
        self._trailers = 0
        self._excess = -FRAMING_LIMIT

    def feed(self, data: bytes, pass_on: Callable[[bytes], object]) -> bytes:
        """
        Pass on what is body, and return what is left: the beginning of a line, or what comes after the message.

        :raises Refusal: if it is malformed, or mostly framing.
        """
        place, end = 0, len(data)
        while place < end and not self.complete:
            if self._left:
                piece = data[place : place + self._left]
                self._left -= len(piece)
                self._awaits_end = not self._left
                place += len(piece)
                pass_on(piece)
                continue
            after = data.find(b"\n", place) + 1
            if not after:
                self._check_unfinished(end - place)
                break
            self._take_line(data[place:after])
            place = after
        return data[place:]

    def _take_line(self, line: bytes) -> None:
        self._excess += len(line)
        if self._awaits_end:
            if line != b"\r\n":
                raise _bad("a chunk is longer than its size")
            self._awaits_end = False
        elif self._in_trailer:
            self._take_trailer(line)
        else:
            self._take_size(line)
        self._check_unfinished(0)

    def _take_size(self, line: bytes) -> None:
        found = _SIZE.fullmatch(line)
        if found is None:
            raise _bad("this is no size of a chunk")
        self._excess -= CHUNK_ALLOWANCE
        self._left = int(found[1], 16)
        self._in_trailer = not self._left

    def _take_trailer(self, line: bytes) -> None:
        if line == b"\r\n":
            self.complete = True
            return
        found = _FIELD.fullmatch(line)
        self._trailers += 1
        if found is None:
            raise _bad("this is no field")
        if found[1].lower() in _FORBIDDEN:
            raise malformed("bad_trailer", f"{found[1].decode()} cannot come after the body.")
        if self._trailers > TRAILER_LIMIT:
            raise malformed("bad_trailer", f"At most {TRAILER_LIMIT} fields are read after the body.")

    def _check_unfinished(self, more: int) -> None:
        if self._excess + more > 0:
            raise malformed("bad_body", "The chunks are mostly framing.")
        if self._awaits_end and more > 1:
            raise _bad("a chunk is longer than its size")


def _bad(fault: str) -> Refusal:
    return malformed("bad_body", f"The body is malformed: {fault}.")
