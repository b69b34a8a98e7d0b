import sqlite3
from pathlib import Path

import pytest

from ficus.configuration.migrations import DatabaseDown, MigrationRecord, applied_migrations, fingerprint


@pytest.fixture
def migrated(tmp_path: Path) -> str:
    """The address of a database with two migrations applied."""
    path = tmp_path / "some.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE django_migrations (app text, name text)")
    connection.execute("INSERT INTO django_migrations VALUES ('orders', '0001_initial'), ('orders', '0002_lines')")
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


class TestAppliedMigrations:
    def test_are_read_from_the_database(self, migrated: str) -> None:
        assert applied_migrations(migrated) == {"orders.0001_initial", "orders.0002_lines"}

    def test_are_none_where_there_is_no_database_yet(self, tmp_path: Path) -> None:
        assert applied_migrations(f"sqlite:///{tmp_path}/none.sqlite3") == set()
        assert not (tmp_path / "none.sqlite3").exists()

    def test_are_none_in_an_empty_database(self, tmp_path: Path) -> None:
        (tmp_path / "empty.sqlite3").touch()

        assert applied_migrations(f"sqlite:///{tmp_path}/empty.sqlite3") == set()

    def test_cannot_be_read_from_a_server_that_is_away(self) -> None:
        with pytest.raises(DatabaseDown) as error:
            applied_migrations("postgres://orders:secret@127.0.0.1:1/orders")

        assert str(error.value).startswith("127.0.0.1:1/orders: ")
        assert "secret" not in str(error.value)
        assert "\n" not in str(error.value)

    def test_cannot_be_read_from_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("not a database, but long enough to look at as if it were one" * 20)

        with pytest.raises(DatabaseDown, match="file is not a database"):
            applied_migrations(f"sqlite:///{tmp_path}/notes.txt")

    def test_cannot_be_read_from_an_address_without_sense(self) -> None:
        with pytest.raises(DatabaseDown, match="its address cannot be read"):
            applied_migrations("nonsense://somewhere")


class TestMigrationRecord:
    def test_knows_a_database_that_is_as_it_was(self, tmp_path: Path) -> None:
        MigrationRecord(tmp_path / "record", "source").remember("orders", {"orders.0001"})

        record = MigrationRecord(tmp_path / "record", "source")

        assert record.is_fresh("orders", {"orders.0001"})
        assert not record.is_fresh("users", {"orders.0001"})

    def test_forgets_when_the_code_changes(self, tmp_path: Path) -> None:
        MigrationRecord(tmp_path / "record", "source").remember("orders", {"orders.0001"})

        assert not MigrationRecord(tmp_path / "record", "changed").is_fresh("orders", {"orders.0001"})

    def test_notices_a_database_that_was_emptied(self, tmp_path: Path) -> None:
        record = MigrationRecord(tmp_path / "record", "source")
        record.remember("orders", {"orders.0001"})

        assert not record.is_fresh("orders", set())


class TestFingerprint:
    def test_changes_with_the_content_of_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "0001_initial.py"
        path.write_text("one")
        before = fingerprint([path])

        path.write_text("two")

        assert fingerprint([path]) != before
