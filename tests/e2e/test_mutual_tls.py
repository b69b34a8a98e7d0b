"""The whole system with every part showing the others who it is, started as a person starts it."""

import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from redis import Redis

from config.addresses import PORTS
from config.tls import OPERATOR, redis_by_tls
from ficus.supervisor.embedded_redis import find_server, speaks_tls
from ficus.testing.processes import free_ports
from ficus.tls.files import read_first
from ficus.tls.identity import Identity, client_context
from tests.commands import manage, run
from tests.e2e.terminal import Terminal

SECONDS = 60
PATIENCE_SECONDS = 120
START_SECONDS = 400  # migrating, starting and filling a system of its own; some 40 where nothing else runs
pytestmark = pytest.mark.timeout(2 * START_SECONDS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if not speaks_tls(find_server()):
        pytest.skip("no redis-server with TLS is installed here")
    ports = {f"{part}_PORT": str(port) for part, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
    state = str(tmp_path_factory.mktemp("mutual"))
    return {"FICUS_STATE": state, "FICUS_TLS": "mutual", "REDIS_URL": "", "DISCOVERY_URL": "", **ports}


@pytest.fixture(scope="module")
def directory(place: dict[str, str]) -> Path:
    return Path(place["FICUS_STATE"]) / "tls"


@pytest.fixture(scope="module")
def terminal(place: dict[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(**place)
    try:
        terminal.wait_for("Ctrl-C stops everything.", seconds=START_SECONDS)
        yield terminal
    finally:
        terminal.close()


class TestTheWholeSystem:
    def test_confirms_an_order_and_another_after_every_certificate_was_renewed(
        self, terminal: Terminal, place: dict[str, str], directory: Path
    ) -> None:
        running = {process.pid for process in terminal.processes()}
        before = serials(directory)
        told = story(place)

        renewed = manage("gateway", "certificates", "--renew", **place)
        told_again = story(place)

        assert told.returncode == 0, told.stderr + terminal.said[-8000:]
        assert "is CONFIRMED" in told.stdout
        assert told_again.returncode == 0, told_again.stderr + terminal.said[-8000:]
        assert "is CONFIRMED" in told_again.stdout
        assert "Redis has read its certificate anew" in renewed.stdout
        assert not set(serials(directory).values()) & set(before.values())
        assert running == {process.pid for process in terminal.processes()}
        assert redis_shows(place, directory) == serials(directory)["redis"]

    def test_gives_its_metrics_to_the_operator_and_nothing_to_strangers(
        self, terminal: Terminal, place: dict[str, str], directory: Path
    ) -> None:
        operator = Identity.of(OPERATOR, directory)
        url = f"https://127.0.0.1:{place['USERS_PORT']}/metrics"

        shown = requests.get(url, verify=operator.ca, cert=(operator.certificate, operator.key), timeout=SECONDS)
        with pytest.raises(requests.ConnectionError):
            requests.get(url, verify=operator.ca, timeout=SECONDS)

        assert shown.status_code == 200
        assert "# TYPE " in shown.text
        terminal.wait_for("is refused: peer did not return a certificate")

    def test_has_a_redis_for_its_own_parts_alone(
        self, terminal: Terminal, place: dict[str, str], directory: Path
    ) -> None:
        shown = Identity.of("orders", directory)
        url = redis_by_tls(f"rediss://127.0.0.1:{place['REDIS_PORT']}/0", shown)

        with Redis.from_url(url, socket_timeout=SECONDS) as client:
            assert client.ping()
        with pytest.raises(OSError):  # noqa: PT011 - by an alert, or by the end of the connection before that is read
            ask_redis(place, ssl.create_default_context(cafile=shown.ca))
        terminal.wait_for("Error accepting a client connection")


def story(place: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Tell of one order; again where a service had no time to answer, which is no matter of TLS."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        told = run("-m", "config.story", FICUS_ENV="development", **place)
        if not re.search("answered 50[34]:", told.stderr) or time.monotonic() > ends_at:
            return told


def serials(directory: Path) -> dict[str, int]:
    """Return the serial number of each certificate but the authority's."""
    return {path.stem: read_first(str(path)).serial_number for path in directory.glob("*.pem") if path.stem != "ca"}


def redis_shows(place: dict[str, str], directory: Path) -> int:
    shown = ask_redis(place, client_context(Identity.of("orders", directory)))
    return x509.load_der_x509_certificate(shown).serial_number


def ask_redis(place: dict[str, str], context: ssl.SSLContext) -> bytes:
    """Return the certificate of the Redis that answers, once it has."""
    with (
        socket.create_connection(("127.0.0.1", int(place["REDIS_PORT"])), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="redis") as secured,
    ):
        secured.sendall(b"PING\r\n")
        secured.recv(1)
        return secured.getpeercert(binary_form=True) or b""
