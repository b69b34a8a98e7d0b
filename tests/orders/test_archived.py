"""Orders whose events are archived are what they were; proves architecture, section 4, Replay."""

import json
from uuid import uuid4

import pytest

from apps.orders import figures, queries, services
from apps.orders.audit.rows import check_rows
from contracts.orders import events
from ficus.events import archiving, log, projection
from ficus.events.archive_file import ArchiveBroken
from ficus.events.models import Archive, ArchivedAggregate, LogEntry
from ficus.testing.events import deliver, sequence
from tests.orders.conftest import place
from tests.orders.test_rebuilding import everything, lose, rebuild, spoil

pytestmark = pytest.mark.django_db


@pytest.fixture
def archived(orders, settings, tmp_path):
    """All of the log but its newest entry is in files."""
    settings.EVENTS = {**settings.EVENTS, "ARCHIVE": str(tmp_path)}
    deliver(figures.PROJECTION)
    archiving.archive(upto=log.last_position() - 1, directory=tmp_path)
    assert LogEntry.objects.count() == 1
    return orders


class TestRebuild:
    def test_agrees_with_the_orders(self, archived):
        assert rebuild("--check") == ("5 orders agree with their events\n", 0)
        assert list(check_rows()) == []

    def test_makes_orders_again(self, archived):
        before = everything()
        lose(archived["CONFIRMED"])
        spoil(archived["REJECTED"], status="PENDING", version=1)

        said, code = rebuild()

        assert said.endswith("5 orders are as their events tell, 2 of them made again\n")
        assert (code, everything()) == (0, before)

    def test_finds_what_only_archives_tell_of(self, archived):
        lose(archived["PENDING"])

        assert "there is no such order, and its events say PENDING" in rebuild("--check")[0]
        assert [finding.order_id for finding in check_rows()] == [archived["PENDING"].pk]

    def test_shows_an_order_as_it_was(self, archived):
        order = archived["FULFILLED"]
        _, confirmed, _ = queries.list_history(order.pk)

        said, code = rebuild("--order", order.pk, "--as-of", confirmed.recorded_at.isoformat())

        assert (json.loads(said)["status"], code) == ("CONFIRMED", 0)

    def test_says_in_one_line_which_file_it_cannot_read(self, archived, tmp_path):
        kept = Archive.objects.get()
        (tmp_path / kept.path).unlink()

        for arguments in (["--check"], ["--order", archived["PENDING"].pk], []):
            said, code = rebuild(*arguments, "--anew")
            assert said == (
                f"orders: the archive {kept.path} (sha256 {kept.sha256}) cannot be read: No such file or directory\n"
            )
            assert code == 2


class TestServices:
    def test_go_on_with_an_order_whose_events_are_archived(self, archived):
        order = services.fulfil_order(order_id=archived["CONFIRMED"].pk)

        assert [each.aggregate_version for each in queries.list_history(order.pk)] == [1, 2, 3]
        assert list(check_rows()) == []

    def test_count_the_releases_that_are_archived(self, orders, settings, tmp_path):
        order = orders["CANCELLED"]
        services.release_credit(order_id=order.pk, reason="late")
        services.release_credit(order_id=order.pk, reason="late")
        place(uuid4())
        sequence()
        archiving.archive(upto=log.last_position() - 1, directory=tmp_path)
        settings.EVENTS = {**settings.EVENTS, "ARCHIVE": str(tmp_path)}

        services.release_credit(order_id=order.pk, reason="late")

        asked = log.history(events.ReleaseCredit.AGGREGATE, order.pk)
        assert [each.aggregate_version for each in asked] == [1, 2, 3]


class TestFigures:
    def test_are_made_again_from_archives(self, archived):
        order = archived["FULFILLED"]
        before = figures.get_summary(customer_id=order.customer_id, currency="EUR")

        projection.replay(projection.projections()[figures.PROJECTION])

        assert figures.get_summary(customer_id=order.customer_id, currency="EUR") == before
        assert before["FULFILLED"].count == 1

    def test_are_counted_while_they_lie_behind_what_is_archived(self, archived):
        order = archived["CONFIRMED"]
        before = figures.get_summary(customer_id=order.customer_id, currency="EUR")

        projection.drop(projection.projections()[figures.PROJECTION])

        assert figures.get_summary(customer_id=order.customer_id, currency="EUR") == before
        assert before["CONFIRMED"].count == 1


class TestHistory:
    def test_that_cannot_be_read_says_so(self, archived, tmp_path):
        [row] = ArchivedAggregate.objects.filter(aggregate_id=archived["PENDING"].pk)
        (tmp_path / row.archive.path).write_bytes(b"")

        with pytest.raises(ArchiveBroken, match="is damaged: its sha256 is e3b0c44298fc"):
            queries.list_history(archived["PENDING"].pk)
