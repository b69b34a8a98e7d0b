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


def run(directory: Path, *, holds: bool = True) -> Result:
    (directory / "test_it.py").write_text(ONCE.format(holds=holds))
    return look_again(perform(Run("it", "", ("test_it.py",)), None), None)


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

    def test_leaves_what_has_to_hold_every_time(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matrix, "NEVER_AGAIN", ("test_it.py",))

        found = run(tmp_path)

        assert found.code == matrix.FAILED

    def test_leaves_more_than_a_few(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matrix, "AGAIN_AT_MOST", 0)

        found = run(tmp_path)

        assert found.code == matrix.FAILED


class TestResult:
    @pytest.mark.parametrize(
        ("line", "may"),
        [
            ("FAILED tests/e2e/test_make_up.py::test_it - AssertionError", True),
            ("ERROR tests/e2e/test_make_up.py::test_it - assert ['an order is lost'] == []", False),
            ("FAILED tests/ficus/events/test_log.py::test_it", False),
            ("FAILED tests/ficus/rpc/test_log.py::test_it\nERROR tests/ficus/rpc/test_log.py::test_it", True),
        ],
    )
    def test_may_pass_alone_unless_something_is_lost(self, line: str, may: bool) -> None:
        assert Result(Run("it", "", ()), matrix.FAILED, line).may_pass_alone is may
