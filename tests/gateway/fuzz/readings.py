"""How three readers cut the same bytes into requests: the gateway's own, llhttp, and gunicorn's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httptools
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from gateway.data.message.peer import Peer
from gateway.data.message.reader import MessageReader
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.canonicalise import canonicalise

PEER = Peer("192.0.2.7", 4711, b"http", ())


@dataclass
class Message:
    """A whole request as a reader has cut it out of what was sent."""

    method: bytes
    body: bytes


class Refused(Exception):
    """A reader does not take these bytes for one whole request."""


@dataclass
class Cut(Message):
    """
    A request that the gateway passes on.

    :ivar raw: the bytes that it took for it.
    """

    raw: bytes = b""


@dataclass
class Reading:
    """
    What the gateway makes of some bytes.

    :ivar methods: of all requests whose heads were read, also of one that was refused afterwards.
    :ivar refused: the status, or 0.
    :ivar is_last: whether the connection ends with the last of the requests, as it asked for itself.
    :ivar is_unfinished: whether more is waited for.
    """

    cuts: list[Cut] = field(default_factory=list)
    methods: list[bytes] = field(default_factory=list)
    refused: int = 0
    is_last: bool = False
    is_unfinished: bool = False


class _Receiver:
    """Judges requests as the data path does before it looks for a route, and goes on to the next."""

    def __init__(self) -> None:
        self.reader = MessageReader(self)
        self.reading = Reading()
        self.fed = bytearray()
        self._began = 0
        self._body = b""
        self._request: Request | None = None

    def request_arrived(self, request: Request) -> None:
        request.gateway = SimpleNamespace(sampled_share=0.0)  # type: ignore[assignment]  # all that is asked of it
        request.peer = PEER
        self._request, self._body = request, b""
        self.reading.methods.append(request.method)
        canonicalise(request)
        if not request.has_body:
            self.body_ended()

    def body_arrived(self, data: bytes) -> None:
        self._body += data

    def body_ended(self) -> None:
        assert self._request is not None
        end = len(self.fed) - len(self.reader.pending)
        self.reading.cuts.append(Cut(self._request.method, self._body, bytes(self.fed[self._began : end])))
        self._began = end
        if self._request.keep_alive:
            self.reader.go_on_to_next()
        else:
            self.reading.is_last = True

    def caught_up(self) -> None:
        """Nothing gathers here."""


def by_gateway(data: bytes) -> Reading:
    """Return how the gateway reads ``data``, byte by byte, so that it is known where a chunked body ended."""
    receiver = _Receiver()
    try:
        for place in range(len(data)):
            byte = data[place : place + 1]
            receiver.fed += byte
            receiver.reader.receive(byte)
            if receiver.reading.is_last:
                return receiver.reading
    except Refusal as refusal:
        receiver.reading.refused = refusal.status
        return receiver.reading
    receiver.reading.is_unfinished = bool(receiver.reader.pending or receiver.reader.in_body)
    return receiver.reading


def by_llhttp(raw: bytes) -> Message:
    """:raises Refused: unless ``raw`` is one whole request."""
    found = _Found()
    parser = httptools.HttpRequestParser(found)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:  # where it stops; what follows is not HTTP to it
        return Message(parser.get_method(), b"")
    except httptools.HttpParserError as error:
        raise Refused(str(error)) from None
    if found.ended != 1:
        raise Refused(f"{found.ended} messages")
    return Message(parser.get_method(), found.body)


class _Found:
    def __init__(self) -> None:
        self.body = b""
        self.ended = 0

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.ended += 1


def _gunicorn_configuration() -> Any:
    """Return gunicorn's configuration as ``config/gunicorn.py`` has the services' limits."""
    configuration = Config()
    configuration.set("limit_request_line", 8190)
    configuration.set("limit_request_field_size", 16384)
    return configuration


GUNICORN = _gunicorn_configuration()


def by_gunicorn(raw: bytes) -> Message:
    """:raises Refused: unless ``raw`` is one whole request."""
    try:
        parser = RequestParser(GUNICORN, iter([raw]), ("192.0.2.7", 4711))
        message = next(parser)
        body = message.body.read()
    except StopIteration:
        raise Refused("no message") from None
    except Exception as error:  # its own kinds have no common class but this
        raise Refused(f"{type(error).__name__}: {error}") from None
    rest = parser.unreader.read()
    if rest:
        raise Refused(f"{rest!r} is left")
    return Message(message.method.encode(), body)


def disagreements(reading: Reading) -> Iterator[str]:
    """Yield how another reader sees what the gateway passes on: refused, or cut otherwise."""
    for cut in reading.cuts:
        raw = cut.raw.removeprefix(b"\r\n")  # one empty line before a request is forgiven: RFC 9112, section 2.2
        for name, read in (("llhttp", by_llhttp), ("gunicorn", by_gunicorn)):
            try:
                message = read(raw)
            except Refused as refused:
                yield f"{name} refuses {raw!r}: {refused}"
                continue
            upgrades = name == "llhttp" and not message.body
            if message.method != cut.method or (message.body != cut.body and not upgrades):
                yield f"{name} reads {message} of {raw!r}, and the gateway {cut.body!r}"
