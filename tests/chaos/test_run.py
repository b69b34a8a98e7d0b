"""A short chaos run; the long ones are in docs/evidence."""

import os
from pathlib import Path

import pytest

from tests.chaos.postgres import PostgresMissing, find_programs
from tests.chaos.run import Choices, Run

DATABASE = "postgres" if os.environ.get("TEST_SERVERS") else "sqlite"


def why_not() -> str:
    try:
        return "" if DATABASE == "sqlite" else str(find_programs() and "")
    except PostgresMissing as missing:
        return str(missing)


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is nothing in the way")
@pytest.mark.timeout(900)  # a machine under load takes five times as long as an idle one
class TestShortRun:
    def test_loses_nothing_doubles_nothing_and_converges(self, tmp_path: Path) -> None:
        choices = Choices(seed=20, minutes=0.6, database=DATABASE, every=2.0, rate=5.0, within=120.0)
        lines: list[str] = []

        report = Run(choices, tmp_path, lines.append).perform()

        assert report.is_success, "\n".join([*lines, report.text()])
        assert report.missed == []
        assert report.orders["acknowledged"] > 20
        assert report.parked > 0
        assert {"kill", "pause", "empty", "replay", "poison", "garbage", "pickle"} <= {
            fault.kind for fault in report.schedule
        }
