import pytest

from tests.commands import run


class TestCommand:
    def test_shows_the_same_schedule_for_the_same_seed(self) -> None:
        choices = ("-m", "tests.chaos", "--minutes", "2", "--seed", "5", "--dry")

        one, other = run(*choices), run(*choices)

        assert one.returncode == 0
        assert one.stdout == other.stdout
        assert one.stdout.startswith("make chaos MINUTES=2 SEED=5 DB=sqlite\n")

    @pytest.mark.parametrize("choice", [("--minutes", "0"), ("--rate", "nan"), ("--db", "oracle"), ("--seed", "x")])
    def test_refuses_what_makes_no_sense(self, choice: tuple[str, str]) -> None:
        refused = run("-m", "tests.chaos", "--dry", *choice)

        assert refused.returncode == 2
        assert choice[0] in refused.stderr.splitlines()[-1]
