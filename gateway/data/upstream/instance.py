"""One address of a service, with the connections kept to it."""

import asyncio
import socket
from ssl import SSLContext
from time import monotonic
from typing import Final

from gateway.data.upstream.address import Address
from gateway.data.upstream.connection import UpstreamConnection
from gateway.data.upstream.destinations import EVERYWHERE, Destinations, ForbiddenDestination, literal
from gateway.data.upstream.standing import Standing
from gateway.data.upstream.tls import Insecure, Security

CONNECT_SECONDS = 0.25
KEEP_SECONDS = 50.0  # shorter than the 75 that the services keep an idle connection, so that we are first to close
KEEP_AT_MOST: Final = 128


class Instance:
    """
    Where one process of a service listens.

    :ivar outstanding: requests sent to it and not yet answered.
    :ivar failures: connections refused and 5xx answered, one after the other up to now.
    :ivar retired: whether no table names it any more, so that no connection to it is kept.
    :ivar security: by which TLS it is asked; None where it is not.
    """

    __slots__ = (
        "_allowed",
        "_context",
        "_idle",
        "_is_secure",
        "failures",
        "host",
        "outstanding",
        "port",
        "retired",
        "security",
        "standing",
        "url",
    )

    def __init__(self, url: str, allowed: Destinations = EVERYWHERE) -> None:
        address = Address(url)
        if fault := address.fault():
            raise ValueError(fault)
        self.url = url
        self.host = address.host
        self.port = address.port
        self.outstanding = 0
        self.failures = 0
        self.standing = Standing()
        self.retired = False
        self.security: Security | None = None
        self._is_secure = address.is_secure
        self._context: SSLContext | None = None
        self._allowed = allowed
        self._idle: list[UpstreamConnection] = []

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def take(self) -> UpstreamConnection | None:
        """Return a kept connection, the one used last, or None if there is none."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.transport.is_closing():
                return connection
        return None

    async def connect(self) -> UpstreamConnection:
        """
        Open a new connection, to an address that was looked at after its name had been resolved.

        :raises OSError: if there is no one, also (as TimeoutError) when nobody answers in ``CONNECT_SECONDS``.
        :raises ForbiddenDestination: an OSError too, if no address of the host is one that may be connected to.
        :raises Insecure: likewise, if there is somebody, but not by TLS as it has to be.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS) as limit:
            failure: OSError = OSError(f"{self.host} has no address")
            for address in await self._addresses(loop):
                try:
                    return await self._connected(loop, address, limit)
                except OSError as error:
                    failure = error
        raise failure

    async def _connected(
        self, loop: asyncio.AbstractEventLoop, address: str, limit: asyncio.Timeout
    ) -> UpstreamConnection:
        def made() -> UpstreamConnection:
            return UpstreamConnection(self)

        if self.security is not None:
            return await self.security.connect(address, self.port, self.host, made, limit)
        if self._is_secure:
            raise Insecure(f"nobody has said by which TLS {self.url} is asked")
        _, connection = await loop.create_connection(made, address, self.port)
        return connection

    async def _addresses(self, loop: asyncio.AbstractEventLoop) -> list[str]:
        addresses = [literal(self.host)]
        if not addresses[0]:
            found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        faults = [self._allowed.fault(self.host, self.port, address) for address in addresses]
        allowed = [address for address, fault in zip(addresses, faults, strict=True) if not fault]
        if addresses and not allowed:
            raise ForbiddenDestination(faults[0])
        return allowed

    def keep(self, connection: UpstreamConnection) -> None:
        if self.retired or connection.context is not self._context or len(self._idle) >= KEEP_AT_MOST:
            connection.transport.close()
            return
        connection.idle_since = monotonic()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """Take a connection that has ended out of those kept."""
        if connection in self._idle:
            self._idle.remove(connection)

    def close_idle(self, before: float) -> None:
        """Close the connections that have not been used since ``before``."""
        for connection in [each for each in self._idle if each.idle_since < before]:
            self._idle.remove(connection)
            connection.transport.close()

    def secure(self, security: Security | None) -> None:
        """Speak TLS so from now on; connections by other certificates are closed, as soon as they are not in use."""
        self.security = security
        context = security.context if security is not None else None
        if context is not self._context:
            self._context = context
            self.close_idle(before=monotonic() + 1)

    def retire(self) -> None:
        """Keep no connection any more; the requests under way are still answered."""
        self.retired = True
        self.close_idle(before=monotonic() + 1)
