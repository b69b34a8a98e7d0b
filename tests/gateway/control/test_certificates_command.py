"""``./manage.py gateway certificates``."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.gateway.certificates import make


@pytest.fixture(autouse=True)
def _two(settings: Any, tmp_path: Path) -> None:
    settings.CERTIFICATES = {
        "DIRECTORY": tmp_path / "tls",
        "NAMES": {"users": ("users", "localhost"), "orders": ("o",)},
    }


def said(*arguments: str) -> list[list[str]]:
    out = StringIO()
    call_command("certificates", *arguments, stdout=out)
    return [line.split() for line in out.getvalue().splitlines()]


class TestCertificates:
    def test_shows_what_was_made_when_it_ends_and_for_whom(self, tmp_path: Path) -> None:
        title, authority, users, orders = said()

        assert title == ["file", "ends", "for"]
        assert authority[:2] == [f"{tmp_path}/tls/ca.pem", "new"]
        assert users[:2] == [f"{tmp_path}/tls/users.pem", "new"]
        assert users[3:] == ["in", "89", "days", "users,", "localhost"]
        assert orders[-1] == "o"

    def test_shows_the_same_again_and_makes_nothing(self) -> None:
        said()

        assert [row[1] for row in said()[1:] if row[1] == "new"] == []

    def test_renews_when_told_to(self) -> None:
        said()

        assert [row[0].rpartition("/")[2] for row in said("--renew")[1:] if row[1] == "new"] == [
            "users.pem",
            "orders.pem",
        ]

    def test_says_in_one_line_why_not(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        make(tmp_path, "somebody", file="ca")

        with pytest.raises(SystemExit) as ended:
            said("--directory", str(tmp_path))

        assert ended.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line == (
            f"certificates: {tmp_path}/ca.pem is an authority that this command did not make; choose another directory"
        )
