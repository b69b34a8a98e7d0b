"""How a service is asked by TLS: whom the gateway believes, and what it shows, read again when files change."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from ficus.tls.files import BadCertificates, Stamp, in_words, stamp_of
from ficus.tls.identity import load, plain

if TYPE_CHECKING:
    from gateway.data.upstream.connection import UpstreamConnection

HANDSHAKE_SECONDS = 2.0  # as long as a try: a service that is busy is not helped by one that begins again
LINGER_SECONDS = 2.0  # for the other side to say that it has heard the end

File = Annotated[str, Meta(max_length=500, pattern="^(/[^\\x00]+)?$")]


class Tls(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    What the table says of it. Files are PEM, by their absolute paths, and each worker's own.

    :ivar ca: the authorities that are believed; without it those of the system.
    :ivar certificate: that the gateway shows, with those that stand behind it.
    :ivar key: of that certificate, without a password.
    :ivar server_name: for which the service's certificate has to be; without it the host of the instance's address.
    """

    ca: File = ""
    certificate: File = ""
    key: File = ""
    server_name: Annotated[str, Meta(max_length=253, pattern=r"^([A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*)?$")] = ""

    def mistakes(self) -> Iterator[str]:
        if self.certificate and not self.key:
            yield "a certificate needs its key"
        if self.key and not self.certificate:
            yield "a key needs its certificate"

    def files(self) -> Iterable[str]:
        return filter(None, (self.ca, self.certificate, self.key))


class Insecure(OSError):
    """No connection was made, since one of the two sides does not believe the other, or cannot show who it is."""


class Security:
    """
    What one worker knows of a service's TLS. Files with a mistake are refused together, and the last good ones stay.

    :ivar context: None if the files have never been good.
    :ivar trouble: why the files as they are now are not in use, or empty.
    """

    __slots__ = ("_stamp", "context", "tls", "trouble")

    def __init__(self, tls: Tls) -> None:
        self.tls = tls
        self.trouble = ""
        self.context: ssl.SSLContext | None = None
        self._stamp: Stamp | None = None
        self.reload_if_changed()

    def reload_if_changed(self) -> bool:
        """Read the files again if they are not as they were; say whether others are in use now."""
        stamp = stamp_of(self.tls.files())
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self.context = context_of(self.tls)
        except BadCertificates as error:
            self.trouble = str(error)
            return False
        self.trouble = ""
        return True

    async def connect(
        self, address: str, port: int, host: str, made: "Callable[[], UpstreamConnection]", limit: asyncio.Timeout
    ) -> "UpstreamConnection":
        """
        Open a connection, and look at who is there.

        :param host: as it was configured.
        :param limit: on connecting; put off for the handshake.
        :raises Insecure: if it is not who it should be, or it does not want us.
        """
        context = self.context
        if context is None:
            raise Insecure(self.trouble)
        loop = asyncio.get_running_loop()
        plain = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            plain.setblocking(False)
            await loop.sock_connect(plain, (address, port))
            limit.reschedule(loop.time() + HANDSHAKE_SECONDS)
            name = self.tls.server_name or host
            _, connection = await loop.create_connection(
                made, sock=plain, ssl=context, server_hostname=name, ssl_shutdown_timeout=LINGER_SECONDS
            )
        except BaseException as error:
            plain.close()
            if isinstance(error, ssl.SSLError):
                raise Insecure(in_words(error)) from None
            raise
        connection.context = context
        return connection


def context_of(tls: Tls) -> ssl.SSLContext:
    """:raises BadCertificates: if a file is not there or wrong, or the key belongs to another certificate."""
    context = plain(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # looks at chain and name
    context.hostname_checks_common_name = False  # RFC 9525, section 2
    believe = (tls.ca, lambda: context.load_verify_locations(tls.ca)) if tls.ca else ("", context.load_default_certs)
    show = (
        f"{tls.certificate} with {tls.key}",
        lambda: context.load_cert_chain(tls.certificate, tls.key, password=lambda: b""),
    )
    load(believe, *([show] if tls.certificate else []))
    return context


def alert_of(error: Exception | None) -> str:
    """Return why the other side has ended the connection (RFC 8446, section 6), or nothing if it has not said so."""
    return in_words(error) if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "") else ""
