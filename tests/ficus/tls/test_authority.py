"""What the development authority makes, and what it leaves alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ficus.tls import authority
from ficus.tls.authority import Authority, Held, NotOurs
from ficus.tls.identity import Identity, client_context, server_context
from tests.gateway import certificates

NAMES = {"users": ("users", "127.0.0.1"), "orders": ("orders",)}


def held(directory: Path, *, renew: bool = False) -> list[Held]:
    return list(Authority(directory).hold(NAMES, renew=renew))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


class TestAnEmptyDirectory:
    def test_is_given_an_authority_and_a_certificate_for_each(self, tmp_path: Path) -> None:
        made = held(tmp_path / "tls")

        assert [(each.path.name, each.names, each.is_new) for each in made] == [
            ("ca.pem", (), True),
            ("users.pem", ("users", "127.0.0.1"), True),
            ("orders.pem", ("orders",), True),
        ]
        for name in NAMES:
            identity = Identity.of(name, tmp_path / "tls")
            server_context(identity)
            client_context(identity)

    def test_is_closed_to_others_and_so_are_its_keys(self, tmp_path: Path) -> None:
        held(tmp_path / "tls")

        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls").glob("*.key")}
        assert modes == {"ca.key": 0o600, "users.key": 0o600, "orders.key": 0o600}
        assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700

    def test_has_certificates_that_are_no_authorities_and_serve_both_sides(self, tmp_path: Path) -> None:
        held(tmp_path)

        found = x509.load_pem_x509_certificate((tmp_path / "users.pem").read_bytes()).extensions

        assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
        assert set(found.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
            ExtendedKeyUsageOID.SERVER_AUTH,
            ExtendedKeyUsageOID.CLIENT_AUTH,
        }


class TestAgain:
    def test_nothing_is_made_that_is_there_and_holds(self, tmp_path: Path) -> None:
        held(tmp_path)
        before = contents(tmp_path)

        again = held(tmp_path)

        assert [each.is_new for each in again] == [False, False, False]
        assert contents(tmp_path) == before

    def test_renewing_makes_all_but_the_authority(self, tmp_path: Path) -> None:
        held(tmp_path)
        before = contents(tmp_path)

        again = held(tmp_path, renew=True)

        assert [each.is_new for each in again] == [False, True, True]
        changed = {name for name, content in contents(tmp_path).items() if content != before[name]}
        assert changed == {"users.pem", "users.key", "orders.pem", "orders.key"}

    def test_what_soon_ends_is_renewed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(authority, "LEAF_DAYS", 20)
            first = held(tmp_path)

        again = held(tmp_path)

        assert first[1].ends_at < datetime.now(UTC) + timedelta(days=21)
        assert [each.is_new for each in again] == [False, True, True]
        assert again[1].ends_at > datetime.now(UTC) + timedelta(days=80)

    def test_what_is_for_other_names_is_made_anew(self, tmp_path: Path) -> None:
        list(Authority(tmp_path).hold({"users": ("users",), "orders": ("orders",)}))

        assert [each.is_new for each in held(tmp_path)] == [False, True, False]


class TestWhatOthersMade:
    def test_an_authority_of_somebody_else_stays(self, tmp_path: Path) -> None:
        other = certificates.Authority(tmp_path, "ca")
        before = contents(tmp_path)

        with pytest.raises(NotOurs, match=f"{other.file} is an authority that this command did not make"):
            held(tmp_path, renew=True)

        assert contents(tmp_path) == before

    def test_half_an_authority_stays(self, tmp_path: Path) -> None:
        held(tmp_path)
        (tmp_path / "ca.key").unlink()
        before = contents(tmp_path)

        with pytest.raises(NotOurs, match="cannot be read"):
            held(tmp_path)

        assert contents(tmp_path) == before

    def test_a_certificate_by_somebody_else_stays_and_nothing_is_begun(self, tmp_path: Path) -> None:
        held(tmp_path)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        bought = certificates.Authority(elsewhere).issue("orders", file="orders")
        (tmp_path / "orders.pem").write_bytes(Path(bought.certificate).read_bytes())
        (tmp_path / "users.pem").unlink()
        (tmp_path / "users.key").unlink()
        elsewhere_and_all = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}

        with pytest.raises(NotOurs, match=r"orders\.pem was not made by .*ca\.pem"):
            held(tmp_path)

        assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == elsewhere_and_all
