"""gRPC by mutual TLS: who is let in, what both sides say of those who are not, and certificates that are renewed."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509

from contracts.users.v1.users_pb2 import GetCreditRequest
from contracts.users.v1.users_pb2_grpc import UsersStub
from ficus.resilience import registry
from ficus.rpc import channels, security
from ficus.rpc.client import client
from ficus.rpc.errors import RpcUnavailable
from ficus.rpc.server import CannotListen, Server
from ficus.tls.identity import Identity, client_context, plain
from gateway.data.certificates import Files
from tests.ficus.rpc.conftest import SERVICERS
from tests.gateway.certificates import Authority

LONG = 20.0
SECONDS = 60


@dataclass
class Trust:
    """
    Whom the client of a test believes, and what it shows.

    :ivar authority: by which the server is vouched for, and those whom it lets in.
    """

    authority: Authority
    settings: Any

    def show(self, files: Files, *, ca: str = "") -> None:
        self.settings.TLS = Identity(ca or self.authority.file, files.certificate, files.key)


@pytest.fixture
def trust(tmp_path: Path, settings: Any) -> Trust:
    security.forget_explained()
    return Trust(Authority(tmp_path), settings)


@pytest.fixture
def address(trust: Trust, settings: Any) -> Iterator[str]:
    """Where the upstream ``users`` is, and shows itself as that."""
    trust.show(trust.authority.issue("users", file="server"))
    settings.RPC = {"UPSTREAMS": {}, "SERVICERS": SERVICERS}
    server = Server(threads=2)
    place = f"127.0.0.1:{server.start('127.0.0.1:0')}"
    settings.RPC = {"UPSTREAMS": {"users": place, "orders": place}, "SERVICERS": SERVICERS}
    yield place
    server.stop(grace_seconds=0)


def ask(upstream: str = "users") -> Any:
    return client(upstream, UsersStub).GetCredit(GetCreditRequest(customer_id="rich-1"), timeout=LONG)


def refusal(caplog: pytest.LogCaptureFixture, upstream: str = "users") -> str:
    """Return what the client writes of why it is not let in."""
    with pytest.raises(RpcUnavailable):
        ask(upstream)
    return line(caplog, f"gRPC to {upstream} at ")


def line(caplog: pytest.LogCaptureFixture, begin: str) -> str:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for record in list(caplog.records):
            if record.getMessage().startswith(begin):
                return record.getMessage()
        time.sleep(0.02)
    return ""


@pytest.mark.usefixtures("address")
class TestAServer:
    def test_answers_who_shows_a_certificate_of_the_authority(self, trust: Trust) -> None:
        trust.show(trust.authority.issue("orders"))

        assert ask().available == 75_000

    def test_refuses_one_of_another_authority_and_both_say_why(
        self, trust: Trust, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        trust.show(Authority(tmp_path, "another").issue("orders"))

        assert refusal(caplog).endswith(" and is by CN=another")
        assert server_says(capfd, "CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate")

    def test_refuses_one_that_has_expired_and_both_say_why(
        self, trust: Trust, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        trust.show(trust.authority.issue("orders", days=-1))

        assert "when it has seen our certificate " in (said := refusal(caplog))
        assert "orders.pem, which expired on " in said
        assert server_says(capfd, "CERTIFICATE_VERIFY_FAILED: certificate has expired")

    def test_refuses_who_shows_none(self, trust: Trust, address: str, capfd: pytest.CaptureFixture[str]) -> None:
        believing = grpc.ssl_channel_credentials(Path(trust.authority.file).read_bytes())
        named = [("grpc.ssl_target_name_override", "users")]

        with (
            grpc.secure_channel(address, believing, options=named) as channel,
            pytest.raises(grpc.RpcError) as refused,
        ):
            UsersStub(channel).GetCredit(GetCreditRequest(customer_id="rich-1"), timeout=LONG)

        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert server_says(capfd, "PEER_DID_NOT_RETURN_A_CERTIFICATE")

    def test_refuses_who_speaks_without_tls(self, trust: Trust, settings: Any) -> None:
        settings.TLS = None

        with pytest.raises(RpcUnavailable):
            ask()

    def test_is_refused_by_who_does_not_believe_it(
        self, trust: Trust, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        trust.show(trust.authority.issue("orders"), ca=Authority(tmp_path, "another").file)

        assert "is refused: its certificate does not hold: " in refusal(caplog)

    def test_is_refused_by_who_asks_for_another_name(self, trust: Trust, caplog: pytest.LogCaptureFixture) -> None:
        trust.show(trust.authority.issue("gateway"))

        assert refusal(caplog, "orders").endswith("certificate is not valid for 'orders'.")

    def test_shows_a_renewed_certificate_without_a_restart(self, trust: Trust, address: str) -> None:
        shown = trust.authority.issue("orders")
        trust.show(shown)
        ask()
        before = serial_shown(trust, shown, address)

        trust.authority.issue("users", file="server")

        assert serial_shown(trust, shown, address) != before
        assert ask().available == 75_000


@pytest.mark.usefixtures("address")
class TestAClient:
    def test_shows_a_renewed_certificate_without_a_restart(
        self, trust: Trust, caplog: pytest.LogCaptureFixture
    ) -> None:
        trust.show(trust.authority.issue("orders", days=-1))
        assert refusal(caplog)

        trust.authority.issue("orders")
        registry.forget_all()

        assert ask().available == 75_000

    def test_with_files_that_cannot_be_used_says_so_and_asks_nobody(self, trust: Trust) -> None:
        files = trust.authority.issue("orders")
        trust.show(Files("/nowhere.pem", files.key))

        with pytest.raises(
            RpcUnavailable, match=r"our own certificates cannot be used: /nowhere\.pem with .*No such file"
        ):
            ask()

    def test_keeps_its_channel_as_long_as_nothing_changes(self, trust: Trust, address: str) -> None:
        trust.show(trust.authority.issue("orders"))
        first = channels.channel_to(address, name="users")

        assert channels.channel_to(address, name="users") is first

        trust.authority.issue("orders")

        assert channels.channel_to(address, name="users") is not first


class TestAServerWithoutCertificates:
    def test_does_not_start(self, trust: Trust) -> None:
        trust.show(Files("/nowhere.pem", "/nowhere.key"))

        with pytest.raises(CannotListen, match=r"the certificates cannot be used: /nowhere\.pem with"):
            Server(threads=1).start("127.0.0.1:0")


def server_says(capfd: pytest.CaptureFixture[str], words: str) -> bool:
    """Return whether gRPC writes that on standard error, as it does for each handshake that fails."""
    said, deadline = "", time.monotonic() + SECONDS
    while words not in said and time.monotonic() < deadline:
        said += capfd.readouterr().err
        time.sleep(0.02)
    return words in said


def serial_shown(trust: Trust, shown: Files, address: str) -> int:
    """Return the serial number of the certificate that the server shows at present."""
    context = plain(client_context(Identity(trust.authority.file, shown.certificate, shown.key)), ["h2"])
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=SECONDS) as connection,
        context.wrap_socket(connection, server_hostname="users") as secured,
    ):
        found = secured.getpeercert(binary_form=True)
    assert found is not None
    return x509.load_der_x509_certificate(found).serial_number
