"""The HTTP server of a service under FICUS_TLS=mutual: whom it lets in, what it says of others, and what they hear."""

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from requests.adapters import HTTPAdapter

from config.processes import web
from ficus.supervisor.probes import answers
from ficus.testing.processes import Processes, free_ports
from ficus.tls.following import client
from ficus.tls.identity import Identity
from gateway.data.certificates import Files
from tests.commands import run
from tests.gateway.certificates import Authority

SECONDS = 60


class Named(HTTPAdapter):
    """Asks for one name, wherever that is."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, server_hostname=self._name)


@dataclass
class Service:
    """
    One that runs.

    :ivar authority: by which it is vouched for, and those whom it lets in.
    """

    url: str
    authority: Authority
    log: Path

    def ask(self, shown: Files | None, *, ca: str = "", name: str = "orders") -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", Named(name))
            session.verify = ca or self.authority.file
            session.cert = (shown.certificate, shown.key) if shown else None
            return session.get(f"{self.url}/livez", timeout=SECONDS)

    def refusal(self, shown: Files | None, **how: str) -> tuple[str, str]:
        """Return what the client is told, and what the service has written of it."""
        said = len(self.log.read_text())
        with pytest.raises(requests.ConnectionError) as refused:
            self.ask(shown, **how)
        deadline = time.monotonic() + SECONDS
        while " is refused: " not in (written := self.log.read_text()[said:]) and time.monotonic() < deadline:
            time.sleep(0.05)
        return str(refused.value), written


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("mutual")
    authority = Authority(directory)
    shown = authority.issue("orders", "127.0.0.1", file="server")
    address = f"127.0.0.1:{free_ports(1)[0]}"
    environment = {
        "FICUS_ENV": "development",
        "FICUS_ENV_FILE": os.devnull,
        "FICUS_STATE": str(directory / "state"),
        "FICUS_TLS": "mutual",
        "TLS_CA": authority.file,
        "TLS_CERTIFICATE": shown.certificate,
        "TLS_KEY": shown.key,
        "DISCOVERY_URL": "",
        "ORDERS_DATABASE_URL": "",
    }
    secure = client(Identity(authority.file, shown.certificate, shown.key)).get
    process = replace(web("orders", address), environment=environment, ready=answers(address, "/livez", secure))
    with Processes(directory / "log") as processes:
        processes.start(process)
        yield Service(f"https://{address}", authority, directory / "log")


class TestAService:
    def test_answers_who_shows_a_certificate_of_the_authority(self, service: Service) -> None:
        assert service.ask(service.authority.issue("gateway")).status_code == 200

    def test_refuses_who_shows_none(self, service: Service) -> None:
        heard, written = service.refusal(None)

        assert "certificate required" in heard.lower().replace("_", " ")
        assert "is refused: peer did not return a certificate" in written

    def test_refuses_who_shows_one_of_another_authority(self, service: Service, tmp_path: Path) -> None:
        heard, written = service.refusal(Authority(tmp_path, "another").issue("gateway"))

        assert "unknown ca" in heard.lower().replace("_", " ")
        assert "is refused: its certificate does not hold: unable to get local issuer certificate" in written

    def test_refuses_who_shows_one_that_has_expired(self, service: Service) -> None:
        heard, written = service.refusal(service.authority.issue("gateway", days=-1, file="expired"))

        assert "certificate expired" in heard.lower().replace("_", " ")
        assert "is refused: its certificate does not hold: certificate has expired" in written

    def test_is_refused_by_who_does_not_believe_it(self, service: Service, tmp_path: Path) -> None:
        heard, written = service.refusal(service.authority.issue("gateway"), ca=Authority(tmp_path, "another").file)

        assert "certificate verify failed" in heard
        assert "is refused: tlsv1 alert unknown ca" in written

    def test_is_refused_by_who_asks_for_another_name(self, service: Service) -> None:
        heard, written = service.refusal(service.authority.issue("gateway"), name="users")

        assert "Hostname mismatch, certificate is not valid for 'users'" in heard
        assert "is refused: " in written

    def test_answers_nothing_without_tls(self, service: Service) -> None:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{service.url.replace('https', 'http')}/livez", timeout=SECONDS)

    def test_shows_a_renewed_certificate_without_a_restart(self, service: Service) -> None:
        serials = [serial_shown(service)]

        service.authority.issue("orders", "127.0.0.1", file="server")
        serials.append(serial_shown(service))

        assert serials[0] != serials[1]
        assert (
            serials[1] == x509.load_pem_x509_certificate((service.log.parent / "server.pem").read_bytes()).serial_number
        )

    def test_does_not_start_with_certificates_that_cannot_be_used(self, tmp_path: Path) -> None:
        done = run(
            *("-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", "127.0.0.1:0", "config.orders.wsgi"),
            FICUS_ENV="development",
            FICUS_TLS="mutual",
            TLS_CA=str(tmp_path / "ca.pem"),
            TLS_CERTIFICATE=str(tmp_path / "orders.pem"),
            TLS_KEY=str(tmp_path / "orders.key"),
        )

        assert done.returncode == 2
        assert f"orders cannot speak TLS: {tmp_path}/ca.pem: No such file or directory" in done.stderr


def serial_shown(service: Service) -> int:
    """Return the serial number of the certificate that the service shows at present."""
    shown = service.authority.issue("asking")
    context = client(Identity(service.authority.file, shown.certificate, shown.key)).get()
    host, _, port = service.url.removeprefix("https://").rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=SECONDS) as connection,
        context.wrap_socket(connection, server_hostname="orders") as secured,
    ):
        shown_here = secured.getpeercert(binary_form=True)
    assert shown_here is not None
    return x509.load_der_x509_certificate(shown_here).serial_number
