"""Lets connections into a gunicorn server: the handshake in time, with a line for whoever is refused."""

import errno
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ficus.tls.files import in_words
from ficus.tls.following import server
from ficus.tls.identity import Identity

logger = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 5.0
LINGER_SECONDS = 1.0
MOST_LINGERED = 64 * 1024


class Refused(ConnectionResetError):
    """The connection has been ended, and the other side told why. To gunicorn it is one that was reset: no error."""


class Door:
    """Stands where gunicorn expects an ``ssl.SSLContext``, of which it wants ``wrap_socket`` alone."""

    def __init__(self, identity: Identity) -> None:
        self._contexts = server(identity)

    def wrap_socket(self, plain: socket.socket, *, server_side: bool = True, **_: Any) -> ssl.SSLSocket:
        """
        Return the connection once the other side has shown who it is, by the files as they are now.

        :raises Refused: if it cannot, or takes too long.
        """
        peer = _peer(plain)
        plain.settimeout(HANDSHAKE_SECONDS)
        secured = self._contexts.get().wrap_socket(plain, server_side=server_side, do_handshake_on_connect=False)
        try:
            secured.do_handshake()
        except OSError as error:
            if not _has_only_left(error):
                logger.warning("%s is refused: %s", peer, in_words(error))
            _leave(secured)
            raise Refused(errno.ECONNRESET, f"{peer} is refused") from None
        secured.settimeout(None)
        return secured


def doors(identity: Identity) -> Callable[[Any, Any], Door]:
    """Return gunicorn's hook ``ssl_context``, which it asks for each connection."""
    door = Door(identity)
    return lambda config, default: door


def _peer(plain: socket.socket) -> str:
    try:
        return "{}:{}".format(*plain.getpeername())
    except OSError:
        return "somebody who has left"


def _has_only_left(error: OSError) -> bool:
    """Tell those who close before they have said anything, as probes of a port do."""
    return isinstance(error, ssl.SSLEOFError | ConnectionError)


def _leave(secured: ssl.SSLSocket) -> None:
    """Close so that the alert arrives: with bytes that nobody has read the system would reset the connection."""
    with suppress(OSError):
        plain = socket.socket(fileno=secured.detach())
        with plain:
            plain.settimeout(LINGER_SECONDS)
            plain.shutdown(socket.SHUT_WR)
            left = MOST_LINGERED
            while left > 0 and (read := plain.recv(16 * 1024)):
                left -= len(read)
