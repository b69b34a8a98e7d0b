"""Runs the benchmark of gateways in small, with its real processes: that there are figures, not which."""

import os
from pathlib import Path

import pytest

from bench.gateway.__main__ import write
from bench.gateway.engines import engines
from bench.gateway.plan import SMOKE
from bench.gateway.results import as_json
from bench.gateway.run import Run

MACHINE = {"at": "", "cpu": "", "cores": 1, "load": 0, "system": "", "versions": {}, "warning": ""}
ONLY = ("nginx", "ficus_bare", "ficus_full")


class TestBench:
    @pytest.mark.timeout(600)
    def test_measures_every_contender_that_is_there_and_loses_no_request(self, tmp_path: Path) -> None:
        said: list[str] = []
        absent = {engine.name for engine in engines() if engine.missing and engine.name in ONLY}
        run, cores = Run(SMOKE, tmp_path, said.append, only=ONLY), os.sched_getaffinity(0)

        run.perform()

        story = "\n".join([*said, (tmp_path / "processes.log").read_text()[-4000:]])
        found = as_json(run.cells, run.ceiling, run.swept, left_out=run.left_out, machine=MACHINE, remarks=run.remarks)
        assert set(found["contenders"]) == set(ONLY) - absent, story
        assert set(found["left_out"]) == absent
        assert all(None not in figures.values() for figures in found["contenders"].values()), story
        told = [*found["details"].values(), *found["sweeps"].values()]
        assert [each["trouble"] for each in told if each["trouble"]] == [], story
        assert [list(each["steps"]) for each in found["sweeps"].values()] == [["3"], ["1", "3"], []], story
        assert os.sched_getaffinity(0) == cores

        write(
            {**found, "command": "", "plan": "smoke", "took_seconds": 0}, tmp_path / "gateway.json", evidence=tmp_path
        )

        assert {file.name for file in tmp_path.glob("gateway.*")} >= {"gateway.json", "gateway.md", "gateway.png"}
