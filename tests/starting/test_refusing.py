"""What ``startservice`` refuses, in one line and with 2; nothing is written then."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from config.starting.names import Names
from config.starting.writing import CannotWrite, write
from tests.commands import manage
from tests.starting.conftest import Tree, passed

PAYMENTS = Names("payments", "payment")


REFUSED = {
    "gift-cards": "is no name",
    "Payments": "is no name",
    "class": "is no name",
    "": "is no name",
    "p" * 24: "has more than 23 characters",
    "orders": "there is a service orders already",
    "redis": "is the name of a part of the system",
    "json": "is the name of a Python package",
    "celery": "is the name of a Python package",
    "apps": "is the name of a Python package",
    "sessions": "is the name of a Django app",
    "control": "is the name of a Django app",
    "products": "paths that begin with /products are another service's",
    "oauth": "paths that begin with /oauth are another service's",
    "credits": "another service has events about a credit",
}
THINGS = {"gift_cards": "gift_card", "deliveries": "delivery", "stock": "stock_entry"}
ASK = """
from config.starting.names import BadName, Names
for name in {names!r}:
    try:
        print(Names.of(name).thing)
    except BadName as error:
        print(error)
"""


def answers(names: Iterable[str]) -> list[str]:
    """Return what one of each is called, or why there cannot be such a service."""
    done = manage("shell", "-v", "0", "-c", ASK.format(names=list(names)))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class TestAName:
    def test_is_refused_that_is_none_or_in_the_way(self) -> None:
        said = answers(REFUSED)

        assert len(said) == len(REFUSED)
        assert [line for line, reason in zip(said, REFUSED.values(), strict=True) if reason not in line] == []

    def test_says_what_one_is_called(self) -> None:
        assert answers(THINGS) == list(THINGS.values())

    def test_is_refused_in_one_line_with_2(self) -> None:
        done = manage("startservice", "orders")

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines() == ["CommandError: there is a service orders already"]


class TestWriting:
    def test_writes_nothing_if_a_file_is_there_already(self, tree: Tree) -> None:
        standing = tree.root / "tests/contracts/golden/payments.payment_added.v1.json"
        standing.write_text("{}")
        before = tree.files()

        with pytest.raises(CannotWrite, match=r"payments\.payment_added\.v1\.json is there already"):
            write(PAYMENTS, tree.root)

        assert tree.files() == before
        standing.unlink()

    def test_takes_back_what_it_wrote_if_it_cannot_go_on(self, tree: Tree) -> None:
        (tree.root / "tests/payments").write_text("a file where a folder has to be")
        before = tree.files()

        with pytest.raises(CannotWrite, match="tests/payments"):
            write(PAYMENTS, tree.root)

        assert tree.files() == before
        (tree.root / "tests/payments").unlink()

    def test_goes_well_with_names_of_several_words_and_of_any_length(self, tree: Tree) -> None:
        names = Names("international_transfers", "international_transfer")

        written = write(names, tree.root)

        done = tree.run(".venv/bin/ruff", "check", ".")
        assert done.returncode == 0, done.stdout
        assert tree.run(".venv/bin/ruff", "format", "--check", ".").returncode == 0
        assert Path("apps/international_transfers/models.py") in written
        assert passed(tree, names.name, f"tests/{names.name}") > 20
