"""
How a process without a port says that it is ready: sd_notify(3), so that systemd understands it as well.

``announce()`` is for the process itself and does nothing where nobody listens; :class:`Announcements` listens.
"""

import asyncio
import os
import socket
from collections.abc import Callable

READY = b"READY=1"


def announce() -> None:
    """Tell whoever started this process that it is ready for work."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(READY, address.replace("@", "\0", 1))
        except OSError:
            return  # whoever asked to be told has gone


class Announcements:
    """Listens on one abstract socket for one process's announcement; close it when the process has ended."""

    def __init__(self, name: str, heard: Callable[[], None]) -> None:
        self.address = f"@ficus/{os.getpid()}/{id(self):x}/{name}"
        self._heard = heard
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.bind(self.address.replace("@", "\0", 1))
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def _receive(self) -> None:
        if READY in self._socket.recv(4096).split(b"\n"):
            self._heard()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
