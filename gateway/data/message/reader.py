"""Cuts what a client sends into requests, and refuses whatever two parsers could cut differently (RFC 9112)."""

import re
from typing import Final, Protocol

import httptools

from gateway.data.message.chunks import ChunkedBody
from gateway.data.message.refusal import Refusal, malformed
from gateway.data.message.request import Field, Request

HEAD_LIMIT: Final = 16 * 1024  # bytes, request line included
TARGET_LIMIT: Final = 4 * 1024  # bytes
FIELD_LIMIT: Final = 100

_REQUEST_LINE: Final = re.compile(rb"([A-Z][A-Z-]{0,19}) ([\x21-\x7e]+) HTTP/1\.([01])\r\n")
_OTHER_VERSION = re.compile(rb"[A-Z][A-Z-]* [\x21-\x7e]+ HTTP/\d(\.\d)?\r\n")
SERVED: Final = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))
ALLOW = b", ".join(sorted(SERVED))


class Receiver(Protocol):
    """What becomes of the requests that the reader finds."""

    def request_arrived(self, request: Request) -> None: ...

    def body_arrived(self, data: bytes) -> None: ...

    def body_ended(self) -> None: ...

    def caught_up(self) -> None:
        """Everything at hand has been passed on."""


class MessageReader:
    """
    The requests of one connection, one at a time: the next is not looked at before :meth:`go_on_to_next`.

    llhttp reads header fields. The request line and the end of the head are found here, because llhttp forgives doubled
    spaces, empty lines and other protocols' versions, and cannot stop between two messages.

    :ivar pending: what has been received and not been looked at yet.
    :ivar in_body: whether more of the present request's body is to come.
    """

    __slots__ = (
        "_chunks",
        "_codings",
        "_headers",
        "_held",
        "_keep_alive",
        "_left",
        "_length",
        "_may_be_blank",
        "_parser",
        "_parser_is_clean",
        "_receiver",
        "_running",
        "_waiting",
        "in_body",
        "pending",
    )

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.pending = b""
        self._running = False
        self._parser_is_clean = False  # at the end of a message, so that it can read the next
        self._await_head()

    def _await_head(self) -> None:
        self._held = False
        self._waiting = True  # for a head; otherwise inside a message
        self._may_be_blank = True  # one empty line before a request line is forgiven (RFC 9112, section 2.2)
        self.in_body = self._keep_alive = False
        self._length: int | None = 0
        self._left = 0
        self._chunks: ChunkedBody | None = None
        self._codings: tuple[bytes, ...] = ()
        self._headers: list[Field] = []

    def take_held(self) -> bytes:
        """Return what has been received and not been looked at, for somebody who reads it otherwise."""
        held, self.pending = self.pending, b""
        return held

    def receive(self, data: bytes) -> None:
        """
        Take what the client sent.

        :raises Refusal: if it is not HTTP/1.1 as we accept it; nothing further may be read then.
        """
        self.pending = self.pending + data if self.pending else data
        self._run()

    @property
    def held(self) -> bool:
        return self._held

    def hold(self) -> None:
        """Pass on no more of the body until :meth:`release`."""
        self._held = True

    def let_others_hold(self) -> None:
        """Give up holding without passing anything on yet: whoever takes over may :meth:`hold`, or nobody does."""
        self._held = False

    def release(self) -> None:
        """:raises Refusal: as :meth:`receive` does."""
        self._held = False
        self._run()

    def go_on_to_next(self) -> None:
        """
        Turn to the request after the present one, whose message is complete.

        :raises Refusal: as :meth:`receive` does.
        """
        self._await_head()
        if self.pending:
            self._run()

    def skip_body(self) -> bool:
        """Drop what is left of the body if all of it has been received; say whether the message is over."""
        if self.in_body and self._length is not None and len(self.pending) >= self._left:
            self.pending = self.pending[self._left :]
            self.in_body = False
        return not self.in_body

    def _run(self) -> None:
        if self._running:
            return
        self._running = True
        try:
            while self.pending and not self._held:
                if self._waiting:
                    if not self._read_head():
                        break
                elif not (self.in_body and self._read_body()):
                    break
        finally:
            self._running = False
        if self._length != 0:
            self._receiver.caught_up()

    def _read_head(self) -> bool:
        """Say whether a whole head was there."""
        if self.pending[0] == _CR and self._may_be_blank and self.pending.startswith(b"\r\n"):
            self.pending, self._may_be_blank = self.pending[2:], False
        end = self.pending.find(b"\r\n\r\n") + 4
        if end < 4:
            _check_unfinished(self.pending)
            return False
        head, self.pending = self.pending[:end], self.pending[end:]
        method, target, minor = _request_line(head)
        self._parse_fields(head)
        request = Request(method, target, minor, self._headers, self._framing(minor), minor == 1 and self._keep_alive)
        self._waiting = False
        self.in_body = self._length != 0
        self._left = self._length or 0
        self._receiver.request_arrived(request)
        return True

    def _parse_fields(self, head: bytes) -> None:
        if not self._parser_is_clean:
            self._parser = httptools.HttpRequestParser(self)
        self._parser_is_clean = False
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self._ignore_upgrade()
        except httptools.HttpParserError as error:
            raise self._bad_coding() or malformed("bad_header", f"The header is malformed: {error}.") from None
        if len(self._headers) > FIELD_LIMIT:
            raise Refusal(431, "too_many_headers", f"At most {FIELD_LIMIT} header fields are read.", closes=True)
        self._parser_is_clean = self._keep_alive and self._length == 0 and not self._codings

    def _ignore_upgrade(self) -> None:
        """Read on in HTTP/1.1: no upgrade is offered, and llhttp would take the body for another protocol's."""
        headers = self._headers
        framing = b"".join(b"%b: %b\r\n" % field for field in headers if field[0] in _FRAMING)
        self._await_head()
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
        except httptools.HttpParserError as error:
            raise self._bad_coding() or malformed("bad_header", f"The header is malformed: {error}.") from None
        self._headers = headers

    def _framing(self, minor: int) -> int | None:
        """Return the length of the body, or None if it is chunked."""
        if not self._codings:
            return self._length
        if refusal := self._bad_coding():
            raise refusal
        if minor == 0:
            raise malformed("bad_framing", "HTTP/1.0 has no transfer codings.")
        self._length = None
        self._chunks = ChunkedBody()
        return None

    def _bad_coding(self) -> Refusal | None:
        codings = [coding.strip().lower() for line in self._codings for coding in line.split(b",")]
        if not codings or codings == [b"chunked"] or self._length:
            return None
        if set(codings) <= {b"chunked", b"identity", b""}:
            return malformed("bad_framing", "The transfer codings do not say where the body ends.")
        return Refusal(501, "unknown_transfer_coding", "The only transfer coding here is chunked.", closes=True)

    def _read_body(self) -> bool:
        chunks = self._chunks
        if chunks is not None:
            self.pending = chunks.feed(self.pending, self._receiver.body_arrived)
            is_over = chunks.complete
        else:
            data, self.pending = self.pending[: self._left], self.pending[self._left :]
            self._left -= len(data)
            is_over = not self._left
            self._receiver.body_arrived(data)
        if is_over and self.in_body:
            self.in_body = False
            self._receiver.body_ended()
        return is_over

    # What llhttp calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        value = value.rstrip(b" \t")
        if name in _SIZES:
            self._take_size(name, value)
        self._headers.append((name, value))

    def _take_size(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            self._length = int(value)
        else:
            self._codings = (*self._codings, value)

    def on_headers_complete(self) -> None:
        self._keep_alive = self._parser.should_keep_alive()


_SIZES: Final = frozenset((b"content-length", b"transfer-encoding"))
_FRAMING = _SIZES | {b"connection"}
_CR: Final = 13


def _request_line(head: bytes) -> tuple[bytes, bytes, int]:
    line = _REQUEST_LINE.match(head)
    if line is None:
        raise _bad_line(head)
    method, target, minor = line.groups()
    if len(target) > TARGET_LIMIT:
        raise _target_too_long()
    if len(head) > HEAD_LIMIT:
        raise _head_too_large()
    if method not in SERVED:
        raise _bad_method(method)
    return method, target, 1 if minor == b"1" else 0


def _bad_line(head: bytes) -> Refusal:
    if _OTHER_VERSION.match(head):
        return Refusal(505, "unknown_version", "HTTP/1.1 is spoken here.", closes=True)
    return malformed("bad_request_line", "The request line is malformed.")


def _bad_method(method: bytes) -> Refusal:
    if method in (b"TRACE", b"CONNECT"):
        detail = f"{method.decode()} is not served here."
        return Refusal(405, "method_not_allowed", detail, closes=True, headers=((b"allow", ALLOW),))
    return Refusal(501, "unknown_method", "This method is not known here.", closes=True)


def _check_unfinished(head: bytes) -> None:
    """Refuse a head that can no longer become a good one, instead of waiting for the rest."""
    if len(head) > TARGET_LIMIT + 64 and b"\r\n" not in head[: TARGET_LIMIT + 64]:
        raise _target_too_long()
    if len(head) > HEAD_LIMIT:
        raise _head_too_large()
    if head and not (head[:1].isupper() or head == b"\r"):
        raise malformed("bad_request_line", "This does not begin like a request.")
    if head.count(b"\n") != head.count(b"\r\n") or b"\0" in head:
        raise malformed("bad_header", "Lines end with CRLF, and no line has a NUL.")


def _target_too_long() -> Refusal:
    return Refusal(414, "target_too_long", f"An address has at most {TARGET_LIMIT} bytes.", closes=True)


def _head_too_large() -> Refusal:
    return Refusal(431, "head_too_large", f"A header has at most {HEAD_LIMIT} bytes.", closes=True)
