import asyncio
import socket
import ssl
from pathlib import Path

import pytest
import uvloop

from gateway.data.upstream import tls
from gateway.data.upstream.connection import UpstreamConnection
from gateway.data.upstream.instance import Instance
from gateway.data.upstream.terms import ServiceTerms
from gateway.data.upstream.tls import Insecure, Security, Tls
from gateway.data.upstream.upstream import Upstream
from tests.gateway.certificates import Authority, make
from tests.gateway.data.upstream.test_renewal import made

SECONDS = 30


class TestSecurity:
    def test_names_every_file_that_cannot_be_used(self, tmp_path: Path) -> None:
        one, other = make(tmp_path, "a.test"), make(tmp_path, "b.test")
        (tmp_path / "none.pem").write_text("no certificate")

        missing = Security(Tls(ca="/nowhere.pem", certificate=one.certificate, key=other.key))
        wrong = Security(Tls(ca=str(tmp_path / "none.pem"), certificate=one.certificate, key="/nowhere.key"))

        pair = f"{one.certificate} with {other.key}"
        assert missing.trouble == f"/nowhere.pem: No such file or directory; {pair}: key values mismatch"
        assert wrong.trouble == (
            f"{tmp_path}/none.pem: no certificate or crl found; "
            f"{one.certificate} with /nowhere.key: No such file or directory"
        )
        assert (missing.context, wrong.context) == (None, None)

    def test_takes_other_files_and_keeps_the_last_good_ones(self, tmp_path: Path) -> None:
        files = make(tmp_path, "a.test", file="own")
        kept = Security(Tls(ca=files.certificate))
        first = kept.context

        unchanged = kept.reload_if_changed()
        Path(files.certificate).write_text("no certificate")
        broken = kept.reload_if_changed(), kept.context, bool(kept.trouble)
        make(tmp_path, "a.test", file="own")
        mended = kept.reload_if_changed(), kept.trouble

        assert not unchanged
        assert broken == (False, first, True)
        assert mended == (True, "")
        assert kept.context is not first

    def test_always_looks_at_chain_and_name_and_speaks_no_old_version(self) -> None:
        context = Security(Tls()).context

        assert context is not None
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert not context.hostname_checks_common_name
        assert context.cert_store_stats()["x509_ca"] > 0


class TestUpstreams:
    def test_keep_their_certificates_while_the_table_says_the_same(self, tmp_path: Path) -> None:
        files = make(tmp_path, "a.test")
        terms = {"orders": ServiceTerms(tls=Tls(ca=files.certificate))}
        before = made(terms=terms, orders=("https://10.0.0.1",))["orders"]

        same = made({"orders": before}, terms=terms, orders=("https://10.0.0.1", "https://10.0.0.2"))["orders"]
        kept = [each.security for each in same.instances]
        other = made({"orders": same}, orders=("https://10.0.0.1",))["orders"]
        plain = made({"orders": other}, orders=("http://10.0.0.1",))["orders"]

        assert before.security is not None
        assert kept == [before.security] * 2
        assert other.security not in (None, before.security)
        assert (plain.security, plain.instances[0].security) == (None, None)

    def test_say_why_nobody_can_be_asked(self, caplog: pytest.LogCaptureFixture) -> None:
        upstream = Upstream("orders", ["https://127.0.0.1:1"], terms=ServiceTerms(tls=Tls(ca="/nowhere.pem")))

        with pytest.raises(Insecure, match=r"^/nowhere\.pem: No such file or directory$"):
            asyncio.run(upstream.choose().connect())

        assert "orders cannot be asked by TLS: /nowhere.pem: No such file or directory" in caplog.text

    def test_are_never_asked_without_tls_where_it_is_to_be(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            with pytest.raises(Insecure, match="nobody has said"):
                asyncio.run(Instance(f"https://127.0.0.1:{listening.getsockname()[1]}").connect())

            listening.setblocking(False)
            with pytest.raises(BlockingIOError):
                listening.accept()

    def test_wait_no_longer_for_a_handshake_than_for_a_try(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tls, "HANDSHAKE_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            upstream = Upstream("orders", [f"https://127.0.0.1:{silent.getsockname()[1]}"])

            async def connected() -> int:
                with pytest.raises(TimeoutError):
                    await upstream.choose().connect()
                return await asyncio.to_thread(heard_to_the_end, silent)

            assert uvloop.run(connected()) > 0

    def test_close_what_is_kept_when_certificates_change(self, tmp_path: Path) -> None:
        Authority(tmp_path)
        upstream = Upstream(
            "orders", ["https://127.0.0.1:1"], terms=ServiceTerms(tls=Tls(ca=str(tmp_path / "authority.pem")))
        )
        (instance,) = upstream.instances
        first = upstream.security.context if upstream.security else None
        kept, used = _connection(instance, first), _connection(instance, first)
        instance.keep(kept)

        Authority(tmp_path)
        changed = upstream.reload_certificates()
        instance.keep(used)

        assert changed
        assert (kept.transport.is_closing(), used.transport.is_closing(), instance.take()) == (True, True, None)


def heard_to_the_end(listening: socket.socket) -> int:
    """Return how many bytes came of a connection before it was closed."""
    accepted, _ = listening.accept()
    accepted.settimeout(SECONDS)
    with accepted:
        return sum(len(data) for data in iter(lambda: accepted.recv(65536), b""))


def _connection(instance: Instance, context: ssl.SSLContext | None) -> UpstreamConnection:
    made = UpstreamConnection(instance)
    made.connection_made(_Transport())
    made.context = context
    return made


class _Transport(asyncio.Transport):
    """As much of one as an instance sees."""

    def __init__(self) -> None:
        super().__init__()
        self._is_closed = False

    def is_closing(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        self._is_closed = True
