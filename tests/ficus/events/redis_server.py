"""A Redis of the test's own, which it may kill, freeze, empty and start again."""

import signal
import subprocess
import time
from pathlib import Path

import redis

from ficus.supervisor.embedded_redis import find_server


class RedisServer:
    """
    :ivar url: where it listens, on a socket file below its directory.
    """

    def __init__(self, directory: Path) -> None:
        self._socket = directory / "redis.sock"
        self._directory = directory
        self.url = f"unix://{self._socket}?db=0"
        self.client = redis.Redis.from_url(self.url)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(self._directory)]
        self._process = subprocess.Popen([find_server(), *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def kill(self) -> None:
        """End it as a crash would; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Have it keep its connections and answer nobody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


def wait_until(condition, seconds: float = 60.0) -> None:
    """
    Wait for the condition to hold.

    :raises TimeoutError: if it does not within the time.
    """
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            raise TimeoutError(f"not so after {seconds} s")
        time.sleep(0.02)
