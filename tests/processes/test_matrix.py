"""``make test`` tells a test that fails by what else runs from one that fails."""

from pathlib import Path

import pytest

from tests import matrix
from tests.matrix import Result, Run, look_again, perform

ONCE = """
from pathlib import Path

def test_holds():
    assert True

def test_meets_other_load():
    met = Path(__file__).with_name("met")
    was_met = met.exists()
    met.touch()
    assert was_met

def test_is_broken():
    assert {holds}
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # which none of these tests needs


def run(directory: Path, *, holds: bool = True, once_more: bool = True) -> Result:
    (directory / "test_it.py").write_text(ONCE.format(holds=holds))
    first = perform(Run("it", "", ("test_it.py",), once_more=once_more), None)
    return look_again(first, None)


class TestLookAgain:
    def test_names_what_failed_beside_others_and_passed_alone(self, tmp_path: Path) -> None:
        found = run(tmp_path)

        assert found.code == 0
        assert found.unstable == ("test_it.py::test_meets_other_load",)
        assert "1 failed, 2 passed" in found.last_line

    def test_fails_for_what_fails_again(self, tmp_path: Path) -> None:
        found = run(tmp_path, holds=False)

        assert found.code == matrix.FAILED
        assert found.unstable == ()

    def test_leaves_a_run_that_has_to_hold_every_time(self, tmp_path: Path) -> None:
        found = run(tmp_path, once_more=False)

        assert found.code == matrix.FAILED

    def test_leaves_more_than_a_few(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matrix, "AGAIN_AT_MOST", 0)

        found = run(tmp_path)

        assert found.code == matrix.FAILED
