"""What must be true before anything is started; each failure is one line that names what is in the way."""

import errno
import socket
from collections.abc import Iterable

from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import CannotStart


def refuse_taken_ports(processes: Iterable[Process], hint: str) -> None:
    """:raises CannotStart: if something else listens where one of the processes wants to."""
    for process in processes:
        for address in process.listens:
            if reason := _why_not(address):
                raise CannotStart(f"{process.name} cannot listen on {address}: {reason}; {hint}")


def refuse_silent_redis(url: str) -> None:
    """:raises CannotStart: if no Redis answers at ``url``."""
    from redis import (
        Redis,
        RedisError,
    )  # only where a server of one's own is named; start-up is counted in milliseconds

    try:
        with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            client.ping()
    except (RedisError, ValueError) as error:
        place = url.rpartition("@")[2].rpartition("://")[2]
        raise CannotStart(f"the Redis that REDIS_URL names does not answer: {place}: {error}") from None


def _why_not(address: str) -> str:
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            return "the port is taken" if error.errno == errno.EADDRINUSE else str(error.strerror).lower()
    return ""
