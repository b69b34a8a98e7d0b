"""One connection to a service: asks one question at a time and reads the answer as it comes."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import httptools

from gateway.data.message.request import Field
from gateway.data.upstream.tls import alert_of

if TYPE_CHECKING:
    from gateway.data.upstream.instance import Instance

ANSWER_HEAD_LIMIT: Final = 64 * 1024  # bytes
LOST = "connection lost"
_FRAMING: Final = frozenset((b"connection", b"content-length", b"transfer-encoding"))
_BODYLESS: Final = frozenset((204, 304))


class Asker(Protocol):
    """Who waits for an answer. Exactly one of ``answer_ended`` and ``answer_failed`` is called, and called last."""

    def answer_began(self, status: int, headers: list[Field], length: int | None) -> None:
        """:param length: of the body as announced, or None if only its end will tell."""

    def answer_body(self, data: bytes) -> None: ...

    def answer_paused(self) -> None:
        """Everything received so far has been passed on."""

    def answer_ended(self) -> None: ...

    def answer_failed(self, fault: str, *, nothing_came: bool) -> None:
        """:param nothing_came: whether the service had not sent a single byte of the answer."""

    def sending_must_pause(self) -> None: ...

    def sending_may_resume(self) -> None: ...


class UpstreamConnection(asyncio.Protocol):
    """
    A connection to one instance, kept for further requests when both sides agree.

    :ivar used: whether it has served a request before, so that the other side may have closed it meanwhile.
    :ivar sent: whether the present request has been sent whole; set by the asker.
    :ivar on_switch: called with the head of a 101 and with what came after it, if the asker agrees to another protocol;
        the connection is the asker's own then. Set after asking.
    :ivar paused: whether the answer is left unread, since the asker cannot take more of it.
    :ivar context: with which TLS is spoken; None where it is not.
    """

    __slots__ = (
        "_asker",
        "_bodyless",
        "_complete",
        "_head_bytes",
        "_headers",
        "_in_head",
        "_interim",
        "_keep",
        "_length",
        "_parser",
        "_parser_is_clean",
        "_said_all",
        "_stays_open",
        "_until_close",
        "context",
        "idle_since",
        "instance",
        "on_switch",
        "paused",
        "sent",
        "transport",
        "used",
    )

    transport: asyncio.Transport

    def __init__(self, instance: "Instance") -> None:
        self.instance = instance
        self.used = False
        self.sent = False
        self.paused = False
        self.context: ssl.SSLContext | None = None
        self.idle_since = 0.0
        self._said_all = False
        self._asker: Asker | None = None
        self.on_switch: Callable[[list[Field], bytes], None] | None = None
        self._parser_is_clean = False  # at the end of an answer, so that it can read the next

    def ask(self, asker: Asker, data: bytes, *, bodyless_answer: bool) -> None:
        """
        Send the beginning of a request, or all of it.

        :param bodyless_answer: whether the answer ends with its head, as it does to HEAD.
        """
        self._asker = asker
        self._bodyless = bodyless_answer
        self.sent = False
        self.on_switch = None
        if not self._parser_is_clean:
            self._parser = httptools.HttpResponseParser(self)
        self._parser_is_clean = False
        self._complete = self._interim = self._keep = self._stays_open = self._until_close = False
        self._in_head = True
        self._head_bytes = 0
        self._headers: list[Field] = []
        self._length: int | None = None
        if data:
            self.transport.write(data)

    def pause(self) -> None:
        """Read no more of the answer until :meth:`resume`."""
        if not self.paused and not self.transport.is_closing():
            self.paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        if self.paused and not self.transport.is_closing():
            self.paused = False
            self.transport.resume_reading()

    def leave(self, asker: Asker) -> None:
        """Drop the asker's question if it is still open; its answer could not be told from the next one."""
        if self._asker is asker:
            self.abandon()

    def abandon(self) -> None:
        self._asker = None
        self.transport.abort()

    # What the transport calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP's, always
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._asker is None:
            self.transport.abort()
            return
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self.on_switch is not None and self._parser.get_status_code() == 101:
                self._asker = None
                self.on_switch(self._headers, data[error.args[0] :])
                return
            if not self._complete:
                self._fail(f"malformed answer: {error.__context__ or error}", nothing_came=False)
                return
            self._keep = False
        if self._complete:
            self._end()
        elif self._in_head and self._head_bytes > ANSWER_HEAD_LIMIT:
            self._fail("the head of the answer is too large", nothing_came=False)
        elif self._asker is not None:
            self._asker.answer_paused()

    def eof_received(self) -> None:
        self._said_all = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.instance.forget(self)
        if self._asker is None:
            return
        # Over TLS, who has said all says so; else somebody may have cut it off (RFC 9112, section 9.8).
        if self._until_close and not self._in_head and exc is None and (self.context is None or self._said_all):
            self._keep = False
            self._end()
        elif not self.used and not self._head_bytes and (alert := alert_of(exc)):
            # By TLS 1.3 we may ask before the service has looked at our certificate (RFC 8446, section 2).
            self._fail(f"it refuses the connection: {alert}", nothing_came=True)
        else:
            self._fail(LOST, nothing_came=self._head_bytes == 0)

    def pause_writing(self) -> None:
        if self._asker is not None:
            self._asker.sending_must_pause()

    def resume_writing(self) -> None:
        if self._asker is not None:
            self._asker.sending_may_resume()

    # What llhttp calls.

    def on_message_begin(self) -> None:
        if self._complete:
            self._keep = self._parser_is_clean = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        status = self._parser.get_status_code()
        if status == 101 and self.on_switch is not None and self._parser.should_upgrade():
            return
        if status < 200:
            self._interim = True
            self._headers = []
            return
        self._in_head = False
        closes = is_chunked = False
        for name, value in self._headers:
            if name not in _FRAMING:
                continue
            if name == b"content-length":
                self._length = int(value)
            elif name == b"connection":
                closes = closes or b"close" in value.lower()
            elif is_chunked or value.lower() != b"chunked":
                raise ValueError("unknown transfer coding")
            else:
                is_chunked = True
        bodyless = self._bodyless = self._bodyless or status in _BODYLESS
        self._stays_open = self._parser.should_keep_alive()
        self._keep = not closes and (bodyless or self._stays_open)
        self._until_close = self._length is None and not is_chunked and not bodyless
        if self._asker is not None:
            self._asker.answer_began(status, self._headers, self._length)
        self._complete = bodyless

    def on_body(self, data: bytes) -> None:
        if self._complete:
            self._keep = False
        elif self._asker is not None:
            self._asker.answer_body(data)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        else:
            self._complete = True
            self._parser_is_clean = self._stays_open

    def _end(self) -> None:
        asker, self._asker = self._asker, None
        self.resume()
        if self._keep and self.sent and not self.transport.is_closing():
            self.used = True
            self.instance.keep(self)
        else:
            self.transport.close()
        if asker is not None:
            asker.answer_ended()

    def _fail(self, fault: str, *, nothing_came: bool) -> None:
        asker, self._asker = self._asker, None
        self.transport.abort()
        if asker is not None:
            asker.answer_failed(fault, nothing_came=nothing_came)
