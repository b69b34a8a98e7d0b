"""How a process is made to die at a point, and that every point is where it is said to be."""

import ast
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ficus.crash import NoSuchPoint
from ficus.crash.points import POINTS
from ficus.testing.crash_points import CrashPoints
from tests.commands import ROOT

POINT = "relay.after_push"
PASS = """
import sys
from pathlib import Path
from ficus import crash
if len(sys.argv) > 1:
    crash.enable(Path(sys.argv[1]))
for name in sys.argv[2:]:
    crash.point(name)
    print("passed", name, flush=True)
"""


def passing(directory: Path | None, *names: str) -> subprocess.Popen[str]:
    """Start a process that passes points, one after the other."""
    arguments = [] if directory is None else [str(directory)]
    command = [sys.executable, "-c", PASS, *arguments, *names]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class TestPoint:
    def test_kills_the_process_that_passes_it_and_leaves_a_proof(self, tmp_path: Path) -> None:
        points = CrashPoints(tmp_path)
        points.arm(POINT)

        process = passing(tmp_path, "relay.before_push", POINT, POINT)
        said, _ = process.communicate()

        assert process.returncode == -signal.SIGKILL
        assert said.splitlines() == ["passed relay.before_push"]
        assert points.killed(POINT) == process.pid
        assert points.armed == []

    def test_kills_once(self, tmp_path: Path) -> None:
        points = CrashPoints(tmp_path)
        points.arm(POINT)
        passing(tmp_path, POINT).communicate()

        process = passing(tmp_path, POINT)
        said, _ = process.communicate()

        assert (process.returncode, said) == (0, f"passed {POINT}\n")

    def test_counts_passes(self, tmp_path: Path) -> None:
        points = CrashPoints(tmp_path)
        points.arm(POINT, at_pass=3)

        process = passing(tmp_path, *[POINT] * 4)
        said, _ = process.communicate()

        assert (process.returncode, said.count("passed")) == (-signal.SIGKILL, 2)

    def test_does_nothing_unless_it_is_armed(self, tmp_path: Path) -> None:
        points = CrashPoints(tmp_path)

        process = passing(tmp_path, POINT)

        assert process.communicate() == (f"passed {POINT}\n", "")
        assert points.killed(POINT) is None

    def test_that_is_misspelt_is_refused_where_points_can_be_armed(self, tmp_path: Path) -> None:
        process = passing(tmp_path, "relay.after_psh")
        _, complaint = process.communicate()

        assert process.returncode == 1
        assert "NoSuchPoint: relay.after_psh" in complaint


class TestArm:
    def test_refuses_a_point_that_there_is_not(self, tmp_path: Path) -> None:
        points = CrashPoints(tmp_path)

        with pytest.raises(NoSuchPoint, match=r"relay\.after_psh"):
            points.arm("relay.after_psh")

        assert points.armed == []


class TestPoints:
    def test_stand_in_the_code_each_in_one_place(self) -> None:
        assert placed() == Counter(POINTS.keys())

    def test_are_listed_for_readers(self) -> None:
        page = (ROOT / "docs" / "crash-points.md").read_text()

        assert [line for line in page.splitlines() if line.startswith("| `")] == [
            f"| `{name}` | {after} |" for name, after in POINTS.items()
        ]


def placed() -> Counter[str]:
    """Return how often each point stands in the product's code."""
    found: Counter[str] = Counter()
    for room in ("apps", "config", "contracts", "ficus", "gateway"):
        for path in (ROOT / room).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "crash.point":
                    found[ast.literal_eval(call.args[0])] += 1
    return found
