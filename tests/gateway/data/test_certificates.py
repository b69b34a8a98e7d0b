from pathlib import Path

import pytest

from ficus.tls.files import BadCertificates
from gateway.data.certificates import Certificates, Files, loaded
from tests.gateway.certificates import make


class TestCertificatesThatAreRead:
    def test_have_their_names(self, tmp_path: Path) -> None:
        files = [make(tmp_path, "a.test", "B.test"), make(tmp_path, "*.c.test")]

        assert [names for names, _ in loaded(files)] == [["a.test", "b.test"], ["*.c.test"]]

    def test_are_refused_with_every_mistake(self, tmp_path: Path) -> None:
        good, other = make(tmp_path, "a.test"), make(tmp_path, "b.test")
        (tmp_path / "none.pem").write_text("no certificate")

        with pytest.raises(BadCertificates) as refused:
            loaded([good, Files("/nowhere.pem", good.key), Files(good.certificate, other.key)])

        assert [mistake.partition(" with ")[0] for mistake in refused.value.mistakes] == [
            "/nowhere.pem",
            good.certificate,
        ]

    def test_serve_on_when_newer_ones_are_wrong(self, tmp_path: Path) -> None:
        files = make(tmp_path, "a.test")
        certificates = Certificates([files])
        first = certificates.reload_if_changed()
        again = certificates.reload_if_changed()

        Path(files.certificate).write_text("half a certifi")
        after_mistake = certificates.reload_if_changed()
        trouble = certificates.trouble
        make(tmp_path, "a.test")

        assert (first, again, after_mistake) == (True, False, False)
        assert files.certificate in trouble
        assert certificates.reload_if_changed()
        assert certificates.trouble == ""
