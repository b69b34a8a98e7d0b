from pathlib import Path

import pytest

from tests.chaos import postgres
from tests.chaos.postgres import PostgresMissing, find_programs


class TestPrograms:
    def test_are_the_newest_that_are_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres, "INSTALLED", tmp_path)
        monkeypatch.setenv("PATH", "")
        for version, programs in (("15", ["initdb", "postgres"]), ("16", ["initdb", "postgres"]), ("17", ["psql"])):
            (tmp_path / version / "bin").mkdir(parents=True)
            for program in programs:
                (tmp_path / version / "bin" / program).touch()

        assert find_programs() == tmp_path / "16" / "bin"

    def test_are_missed_by_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres, "INSTALLED", tmp_path)
        monkeypatch.setenv("PATH", "")

        with pytest.raises(PostgresMissing, match="no initdb beside pg_ctl on PATH"):
            find_programs()
