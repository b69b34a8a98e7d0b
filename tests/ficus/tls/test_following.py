"""Files that change while a process runs."""

import ssl
from pathlib import Path

import pytest

from ficus.tls.files import BadCertificates
from ficus.tls.following import Followed
from ficus.tls.identity import Identity, client_context
from tests.gateway.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def identity(authority: Authority) -> Identity:
    files = authority.issue("orders")
    return Identity(authority.file, files.certificate, files.key)


class TestFollowed:
    def test_is_made_once_as_long_as_nothing_changes(self, identity: Identity) -> None:
        followed = Followed(identity, client_context)

        assert followed.get() is followed.get()
        assert followed.version == 1

    def test_is_made_anew_when_a_file_has_changed(self, identity: Identity, authority: Authority) -> None:
        followed = Followed(identity, client_context)
        first = followed.get()

        authority.issue("orders")

        assert followed.get() is not first
        assert followed.version == 2

    def test_stays_when_the_files_are_wrong_and_says_so_once(
        self, identity: Identity, authority: Authority, caplog: pytest.LogCaptureFixture
    ) -> None:
        followed = Followed(identity, client_context)
        first = followed.get()

        Path(identity.key).write_text("half a k")

        assert followed.get() is followed.get() is first
        assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
            "the certificates cannot be used, and the last good ones stay"
        ]

    def test_of_files_that_never_were_good_is_refused_each_time_until_they_are(
        self, authority: Authority, tmp_path: Path
    ) -> None:
        files = authority.issue("orders")
        followed = Followed(Identity(str(tmp_path / "later.pem"), files.certificate, files.key), client_context)

        for _ in range(2):
            with pytest.raises(BadCertificates, match=r"later\.pem: No such file"):
                followed.get()
        (tmp_path / "later.pem").write_bytes(Path(authority.file).read_bytes())

        assert isinstance(followed.get(), ssl.SSLContext)
