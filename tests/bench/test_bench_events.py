"""Runs the benchmark of events in small, with its real processes: that there are figures, not which."""

import os
from pathlib import Path

import pytest

from bench.events.__main__ import write
from bench.events.contenders import DEFAULT, FICUS, OUTBOX
from bench.events.plan import KINDS, SMOKE
from bench.events.results import as_json
from bench.events.run import Run
from bench.events.servers import POSTGRESQL, SQLITE

# The outbox does not run on SQLite, and its worker is set up like that of the tuned contender.
DATABASE, CONTENDERS = (POSTGRESQL, (OUTBOX, FICUS)) if os.environ.get("TEST_SERVERS") else (SQLITE, (DEFAULT, FICUS))
MACHINE = {"at": "", "cpu": "", "cores": 1, "load": 0, "system": "", "versions": {}, "warning": ""}


class TestBench:
    @pytest.mark.timeout(600)
    def test_measures_every_contender_and_leaves_nothing_missing(self, tmp_path: Path) -> None:
        said: list[str] = []
        run = Run(SMOKE, tmp_path, said.append, databases=[DATABASE], contenders=CONTENDERS)

        run.perform()

        story = "\n".join([*said, (tmp_path / "processes.log").read_text()[-4000:]])
        measured = {(cell.kind, cell.contender) for cell in run.cells if cell.headline()["events_per_s"]}
        assert measured == {(kind, contender) for kind in KINDS for contender in CONTENDERS}, story
        cells = [*run.cells, *(grown.cell for grown in run.grown)]
        assert [cell.trouble for cell in cells if cell.trouble] == [], story
        assert [window.missing + window.failed for cell in cells for window in cell.windows if window.missing] == []
        assert [grown.events for grown in run.grown] == list(SMOKE.growth), story

        found = as_json(run.cells, run.grown, machine=MACHINE, remarks=run.remarks)
        write({**found, "command": "", "plan": "smoke", "took_seconds": 0}, tmp_path / "events.json", evidence=tmp_path)

        assert {file.name for file in tmp_path.glob("events.*")} == {"events.json", "events.md", "events.png"}
        assert all(found[kind][FICUS]["p50_ms"] is not None for kind in KINDS)
