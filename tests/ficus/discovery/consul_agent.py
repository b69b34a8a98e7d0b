"""A Consul agent of the test's own, which it may kill and start again. Tests ran on Consul 1.8.7, of Debian 11."""

import shutil
import subprocess

import requests

from ficus.testing.processes import free_ports
from tests.ficus.events.redis_server import wait_until

PROGRAM = shutil.which("consul")


class ConsulAgent:
    """
    :ivar url: as ``registry_at`` takes it.
    :ivar dns_port: where it answers for ``service.consul``.
    """

    def __init__(self) -> None:
        self._http, self.dns_port, self._server, self._lan, self._wan = free_ports(5)
        self.url = f"consul://127.0.0.1:{self._http}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it with nothing known, and wait until it answers."""
        assert PROGRAM is not None
        ports = {
            "http": self._http,
            "dns": self.dns_port,
            "server": self._server,
            "serf-lan": self._lan,
            "serf-wan": self._wan,
            "grpc": -1,
        }
        options = [f"-{name}-port={port}" for name, port in ports.items()]
        self._process = subprocess.Popen(
            [PROGRAM, "agent", "-dev", "-bind=127.0.0.1", "-log-level=err", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._leads)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def check_of(self, service: str) -> dict[str, object]:
        """Return the first check of the service's first instance, as the agent has it."""
        answer = requests.get(f"http://127.0.0.1:{self._http}/v1/health/checks/{service}", timeout=10)
        found: dict[str, object] = answer.json()[0]
        return found

    def _leads(self) -> bool:
        try:
            catalogue = f"http://127.0.0.1:{self._http}/v1/catalog/nodes"
            leader = requests.get(f"http://127.0.0.1:{self._http}/v1/status/leader", timeout=5)
            return leader.ok and leader.text.strip() != '""' and bool(requests.get(catalogue, timeout=5).json())
        except (requests.RequestException, ValueError):
            return False
