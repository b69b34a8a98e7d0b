"""The gateway speaks TLS with the right certificate, and takes new ones while it runs; proves RFC 9325, section 3."""

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.gateway.certificates import make
from tests.gateway.wire.client import Client
from tests.gateway.wire.conftest import GUNICORN, ROOT, Door, running_door
from tests.gateway.wire.service import FakeService

SECONDS = 60


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certificates")
    make(directory, "ficus.test", file="first")
    make(directory, "*.other.test", days=-1, file="second")
    return directory


@pytest.fixture(scope="module")
def secure(
    tmp_path_factory: pytest.TempPathFactory, certificates: Path, _services: tuple[FakeService, FakeService]
) -> Iterator[Door]:
    pairs = ",".join(f"{certificates}/{name}.pem:{certificates}/{name}.key" for name in ("first", "second"))
    state = tmp_path_factory.mktemp("secure")
    with running_door(state, *_services, scheme="https", GATEWAY_TLS_CERTIFICATES=pairs) as door:
        yield door


def connected(door: Door, name: str | None = "ficus.test", trusts: Path | None = None) -> ssl.SSLSocket:
    """Return a connection by TLS that asked for that name, checked if a certificate to trust is given."""
    context = ssl.create_default_context(cafile=str(trusts) if trusts else None)
    context.check_hostname = trusts is not None
    context.verify_mode = ssl.CERT_REQUIRED if trusts else ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection(("127.0.0.1", door.port), timeout=SECONDS)
    return context.wrap_socket(plain, server_hostname=name)


def serial(door: Door, name: str | None) -> int:
    with connected(door, name) as client:
        shown = client.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def serial_of(file: Path) -> int:
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


class TestTls:
    def test_carries_requests_that_are_https_to_the_service(
        self, secure: Door, orders: FakeService, certificates: Path
    ) -> None:
        with connected(secure, trusts=certificates / "first.pem") as plain, Client(0, connected=plain) as client:
            first = client.ask("GET", "/products")
            second = client.ask("POST", "/products", body=b"x" * 100_000)
            protocol = plain.selected_alpn_protocol()

        assert (first.status, second.status, protocol) == (200, 200, "http/1.1")
        assert [asked.header("X-Forwarded-Proto") for asked in orders.asked] == ["https", "https"]

    def test_shows_the_certificate_of_the_name_else_the_first(self, secure: Door, certificates: Path) -> None:
        first, second = serial_of(certificates / "first.pem"), serial_of(certificates / "second.pem")

        shown = [serial(secure, name) for name in ("ficus.test", "a.other.test", "unknown.test", None)]

        assert shown == [first, second, first, first]

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_is_spoken_in_these_versions(self, secure: Door, version: ssl.TLSVersion) -> None:
        context = ssl._create_unverified_context()
        context.minimum_version = context.maximum_version = version
        plain = socket.create_connection(("127.0.0.1", secure.port), timeout=SECONDS)

        with context.wrap_socket(plain) as client:
            assert client.version() == version.name.replace("_", ".")

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_is_not_spoken_in_version_1_1(self, secure: Door) -> None:
        context = ssl._create_unverified_context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        plain = socket.create_connection(("127.0.0.1", secure.port), timeout=SECONDS)

        with plain, pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain)

    def test_is_all_that_is_spoken(self, secure: Door, orders: FakeService) -> None:
        with secure.connect() as client:
            client.send(b"GET /products HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            said = client.read_to_end()

        assert not said.startswith(b"HTTP")
        assert orders.asked == []

    def test_waits_no_longer_for_a_handshake_than_for_a_head(self, secure: Door) -> None:
        with secure.connect() as client:
            client.socket.settimeout(SECONDS)

            assert client.is_closed()

    def test_takes_a_new_certificate_while_connections_go_on(self, secure: Door, certificates: Path) -> None:
        with connected(secure) as plain, Client(0, connected=plain) as client:
            client.ask("GET", "/products")
            make(certificates, "ficus.test", file="first")
            wanted, until = serial_of(certificates / "first.pem"), time.monotonic() + SECONDS
            while serial(secure, "ficus.test") != wanted and time.monotonic() < until:
                time.sleep(0.1)

            assert serial(secure, "ficus.test") == wanted
            assert client.ask("GET", "/products").status == 200

    def test_that_has_expired_is_told_by_doctor(self, secure: Door, certificates: Path) -> None:
        command = [sys.executable, str(ROOT / "manage.py"), "gateway", "doctor"]
        said = subprocess.run(command, env=secure.environment, check=False, capture_output=True, text=True).stdout

        assert f"The certificate {certificates}/second.pem expired on" in said

    @pytest.mark.parametrize(
        ("key", "reason"),
        [
            ("nowhere.key", "No such file or directory"),
            ("second.key", "[X509: KEY_VALUES_MISMATCH] key values mismatch"),
        ],
    )
    def test_that_cannot_be_used_keeps_the_gateway_from_starting(
        self, secure: Door, certificates: Path, key: str, reason: str
    ) -> None:
        pair = f"{certificates}/first.pem:{certificates}/{key}"
        environment = {**secure.environment, "GATEWAY_TLS_CERTIFICATES": pair}

        ended = subprocess.run(
            [*GUNICORN, "--bind", "127.0.0.1:0", "config.gateway.asgi"],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

        (line,) = [line for line in (ended.stdout + ended.stderr).splitlines() if "TLS" in line]
        assert ended.returncode == 2
        assert f"the gateway cannot speak TLS (GATEWAY_TLS_CERTIFICATES): {pair.replace(':', ' with ')}: " in line
        assert reason in line
