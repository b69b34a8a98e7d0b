import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.exceptions import ImproperlyConfigured

from apps.users import keys


def pem(private):
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class TestKeyFile:
    def test_is_for_its_owner_alone_to_read(self, tmp_path):
        path = tmp_path / "keys" / "users.pem"

        made = keys.create_key_file(path)

        assert (made, stat.S_IMODE(path.stat().st_mode)) == (True, 0o600)
        assert list(path.parent.iterdir()) == [path]

    def test_is_never_replaced(self, tmp_path):
        path = tmp_path / "users.pem"
        keys.create_key_file(path)
        first = path.read_bytes()

        made = keys.create_key_file(path)

        assert (made, path.read_bytes()) == (False, first)

    def test_is_given_a_next_key_where_it_has_one_alone(self, tmp_path):
        path = tmp_path / "users.pem"
        path.write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
        path.chmod(0o600)
        alone = keys.read_ring(path.read_bytes()).current

        made = keys.create_key_file(path)

        ring = keys.read_ring(path.read_bytes())
        assert (made, ring.current.kid, ring.previous) == (True, alone.kid, None)
        assert ring.next is not None


class TestSigningKey:
    def test_is_read_again_when_the_file_has_changed(self, tmp_path, settings):
        path = tmp_path / "users.pem"
        settings.SIGNING_KEY_FILE = str(path)
        keys.create_key_file(path)
        first = keys.signing_key().kid
        path.unlink()
        keys.create_key_file(path)

        second = keys.signing_key().kid

        assert first != second

    def test_says_how_to_make_one_where_there_is_none(self, tmp_path, settings):
        settings.SIGNING_KEY_FILE = str(tmp_path / "none.pem")

        with pytest.raises(ImproperlyConfigured, match="create_signing_key"):
            keys.signing_key()

    @pytest.mark.parametrize(
        "private",
        [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(public_exponent=65537, key_size=2048)],
        ids=["P-384", "RSA"],
    )
    def test_is_on_no_other_curve(self, private):
        with pytest.raises(ImproperlyConfigured, match="P-256"):
            keys.read_key(pem(private))

    def test_is_no_rubbish(self):
        with pytest.raises(ImproperlyConfigured, match="cannot be read"):
            keys.read_key(b"rubbish")


class TestPublicJwks:
    def test_publishes_the_public_half_and_nothing_else(self):
        published = keys.public_jwks()["keys"]

        assert [key["kid"] for key in published] == [key.kid for key in keys.key_ring().published]
        for key in published:
            assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
            assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
