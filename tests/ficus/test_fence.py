"""The fence that catches writes nobody is told of, held against a table of the library itself; semantics section 8."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import connection, transaction
from django.db.models import F

from ficus.events import log
from ficus.events.announced import Announced, announced_by, unannounced
from ficus.events.models import Cursor
from ficus.testing.fence import Fence, UnannouncedWrite
from ficus.transactions import RemoteCallInTransaction
from tests.ficus.events.depot import ParcelSent

TABLE = Cursor._meta.db_table
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def cursors(db: None) -> list[Cursor]:
    """Three rows that were there before the fence."""
    return [Cursor.objects.create(consumer="test", source=f"{number}") for number in range(3)]


@pytest.fixture
def fence(cursors: list[Cursor]) -> Iterator[Fence]:
    with Fence([Announced(TABLE, frozenset({"parcel"}), besides=frozenset({"moved_at"}))]) as fence:
        yield fence


def tell(count: int = 1) -> None:
    log.append_many((ParcelSent(parcel_id=uuid4(), weight=1), 1) for _ in range(count))


@transaction.atomic
def change_all(*, telling: int) -> None:
    tell(telling)
    Cursor.objects.update(position=1)


@transaction.atomic
def tell_in_vain() -> None:
    tell(3)
    raise ZeroDivisionError


def positions() -> list[int]:
    return list(Cursor.objects.order_by("pk").values_list("position", flat=True))


def save(cursors: list[Cursor]) -> None:
    cursors[0].position = 7
    cursors[0].save()


def raw(cursors: list[Cursor]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"/* repair */ UPDATE {TABLE} SET position = 7")


def many(cursors: list[Cursor]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {TABLE} SET position = %s WHERE id = %s", [(7, each.pk) for each in cursors])


WRITES: dict[str, Callable[[list[Cursor]], object]] = {
    "save": save,
    "create": lambda _: Cursor.objects.create(consumer="test", source="new"),
    "get_or_create": lambda _: Cursor.objects.get_or_create(consumer="test", source="new"),
    "bulk_create": lambda _: Cursor.objects.bulk_create([Cursor(consumer="test", source="new")]),
    "bulk_update": lambda cursors: Cursor.objects.bulk_update([Cursor(pk=cursors[0].pk, position=7)], ["position"]),
    "update": lambda _: Cursor.objects.update(position=F("position") + 1),
    "delete": lambda cursors: cursors[0].delete(),
    "delete of many": lambda _: Cursor.objects.all().delete(),
    "raw SQL": raw,
    "raw SQL for many": many,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
class TestWrite:
    def test_is_caught_outside_a_transaction(self, fence: Fence, cursors: list[Cursor], write: Any) -> None:
        with pytest.raises(UnannouncedWrite, match=f"^{TABLE} was written without an event about its parcel"):
            write(cursors)

        assert len(fence.caught) == 1

    def test_is_caught_and_taken_back_with_its_transaction(
        self, fence: Fence, cursors: list[Cursor], write: Any
    ) -> None:
        with pytest.raises(UnannouncedWrite), transaction.atomic():
            write(cursors)

        assert positions() == [0, 0, 0]

    def test_is_let_through_when_every_row_is_told_of(self, fence: Fence, cursors: list[Cursor], write: Any) -> None:
        with transaction.atomic():
            write(cursors)
            tell(len(cursors))

        assert fence.caught == []

    def test_is_let_through_when_it_says_why(self, fence: Fence, cursors: list[Cursor], write: Any) -> None:
        with unannounced("the rows are repaired"):
            write(cursors)

        assert fence.caught == []


class TestEvents:
    def test_may_come_before_the_write_and_from_another_block(self, fence: Fence) -> None:
        with transaction.atomic():
            with transaction.atomic():
                tell(3)
            Cursor.objects.update(position=1)

        assert fence.caught == []

    def test_must_be_as_many_as_the_rows(self, fence: Fence) -> None:
        with pytest.raises(UnannouncedWrite, match="for each of 3 rows"):
            change_all(telling=2)

        assert positions() == [0, 0, 0]

    def test_of_one_aggregate_tell_of_many_parts(self, cursors: list[Cursor]) -> None:
        with Fence([Announced(TABLE, frozenset({"parcel"}), part=True)]) as fence:
            change_all(telling=1)

        assert (fence.caught, positions()) == ([], [1, 1, 1])

    def test_about_something_else_tell_nothing(self, cursors: list[Cursor]) -> None:
        with (
            Fence([Announced(TABLE, frozenset({"letter"}))]),
            pytest.raises(UnannouncedWrite, match="an event about its letter"),
        ):
            change_all(telling=3)

    def test_tell_nothing_once_they_are_taken_back(self, fence: Fence) -> None:
        @transaction.atomic
        def change_all_the_same() -> None:
            with suppress(ZeroDivisionError):
                tell_in_vain()
            Cursor.objects.update(position=1)

        with pytest.raises(UnannouncedWrite):
            change_all_the_same()

    def test_of_an_earlier_transaction_tell_nothing(self, fence: Fence) -> None:
        with transaction.atomic():
            tell(3)

        with pytest.raises(UnannouncedWrite), transaction.atomic():
            Cursor.objects.update(position=1)


class TestFence:
    def test_names_the_line_and_the_statement(self, fence: Fence) -> None:
        with pytest.raises(UnannouncedWrite) as caught:
            Cursor.objects.update(position=1)

        _, line, statement = str(caught.value).splitlines()
        assert line.startswith(f"  {__file__}:")
        assert line.endswith("in test_names_the_line_and_the_statement")
        assert statement.startswith(f'  UPDATE "{TABLE}" SET "position"')

    def test_lets_pass_what_was_taken_back(self, fence: Fence) -> None:
        with suppress(ZeroDivisionError), transaction.atomic():
            Cursor.objects.update(position=1)
            raise ZeroDivisionError
        with transaction.atomic():
            Cursor.objects.update(position=2)
            transaction.set_rollback(True)

        assert (fence.caught, positions()) == ([], [0, 0, 0])

    def test_lets_pass_what_changes_no_row_or_only_what_is_not_announced(self, fence: Fence) -> None:
        Cursor.objects.filter(source="nowhere").update(position=1)
        Cursor.objects.filter(source="nowhere").delete()
        Cursor.objects.update(moved_at=AT)
        with transaction.atomic():
            list(Cursor.objects.select_for_update())

        assert fence.caught == []

    def test_is_gone_after_the_block(self, cursors: list[Cursor]) -> None:
        with Fence([Announced(TABLE, frozenset({"parcel"}))]):
            pass

        with transaction.atomic():
            Cursor.objects.update(position=1)

        assert positions() == [1, 1, 1]

    @pytest.mark.django_db(transaction=True)
    def test_holds_for_real_transactions_and_other_threads(self, fence: Fence) -> None:
        caught: list[Exception] = []

        def write() -> None:
            try:
                with transaction.atomic():
                    Cursor.objects.update(position=1)
            except UnannouncedWrite as error:
                caught.append(error)
            finally:
                connection.close()

        thread = Thread(target=write)
        thread.start()
        thread.join()

        assert caught == fence.caught != []
        assert positions() == [0, 0, 0]


class TestDeclaration:
    def test_knows_only_fields_of_the_model(self) -> None:
        with pytest.raises(KeyError, match="speed"):
            announced_by("parcel", besides=("speed",))(Cursor)


class _Answer(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    _Answer.asked = 0
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestHttpCall:
    def test_inside_a_transaction_is_refused_before_anything_is_sent(self, fence: Fence, url: str) -> None:
        with pytest.raises(RemoteCallInTransaction), transaction.atomic():
            requests.get(url, timeout=2)

        assert ([type(each) for each in fence.caught], _Answer.asked) == ([RemoteCallInTransaction], 0)

    def test_on_a_session_that_is_connected_already_is_refused_too(self, fence: Fence, url: str) -> None:
        with requests.Session() as session:
            session.get(url, timeout=2)
            with pytest.raises(RemoteCallInTransaction), transaction.atomic():
                session.get(url, timeout=2)

        assert _Answer.asked == 1

    def test_outside_a_transaction_is_let_through(self, fence: Fence, url: str) -> None:
        assert requests.get(url, timeout=2).status_code == 204

        assert fence.caught == []
