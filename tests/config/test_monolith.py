import sqlite3
from pathlib import Path

import pytest

from tests.commands import manage


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a monolith with a few customers and orders."""
    state = tmp_path_factory.mktemp("monolith")
    for command in (["migrate", "-v", "0"], ["seed", "--customers", "3", "--orders", "5"]):
        done = manage("monolith", *command, FICUS_STATE=str(state))
        assert done.returncode == 0, done.stderr
    return state


class TestSeed:
    def test_fills_both_apps_once(self, seeded: Path) -> None:
        again = manage("monolith", "seed", "--customers", "3", "--orders", "5", FICUS_STATE=str(seeded))

        assert again.returncode == 0, again.stderr
        assert "0 of 3 customers added" in again.stdout
        assert "0 of 5 orders added" in again.stdout


class TestAudit:
    def test_is_content_with_what_was_seeded(self, seeded: Path) -> None:
        done = manage("monolith", "audit", FICUS_STATE=str(seeded))

        assert done.returncode == 0, done.stdout + done.stderr

    def test_names_what_is_wrong_in_either_app_and_fails(self, seeded: Path) -> None:
        with sqlite3.connect(seeded / "monolith.sqlite3") as connection:
            [[account]] = connection.execute("SELECT customer_id FROM users_creditaccount LIMIT 1")
            connection.execute("UPDATE users_creditaccount SET granted = granted + 1 WHERE customer_id = ?", [account])
            [[order]] = connection.execute("SELECT id FROM orders_order LIMIT 1")
            connection.execute("UPDATE orders_order SET currency = 'XXX' WHERE id = ?", [order])
        connection.close()

        done = manage("monolith", "audit", FICUS_STATE=str(seeded))

        assert done.returncode == 1
        found = done.stdout.replace("-", "")
        assert account in found
        assert order in found
