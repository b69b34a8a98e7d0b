from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from ficus import rows
from ficus.events.models import LogEntry, ParkedEvent

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def entry(version, aggregate_id=None):
    return LogEntry(
        id=uuid4(),
        type="post.parcel_sent",
        schema_version=1,
        aggregate_type="parcel",
        aggregate_id=aggregate_id or uuid4(),
        aggregate_version=version,
        payload={"weight": version, "note": 'ä "quoted" %s'},
        metadata={},
        recorded_at=AT,
    )


def parked():
    return ParkedEvent(
        consumer="c",
        source="s",
        position=1,
        event_id=uuid4(),
        type="t",
        aggregate_type="a",
        aggregate_id=uuid4(),
        recorded={},
        reason="",
        parked_at=AT,
        retry_at=None,
    )


class TestInsert:
    def test_writes_what_saving_each_would_write_in_the_order_given(self):
        entries = [entry(version) for version in range(1, 1501)]

        rows.insert(entries)

        fields = ("id", "position", "aggregate_id", "aggregate_version", "payload", "metadata", "recorded_at")
        written = LogEntry.objects.order_by("number").values_list(*fields)
        assert list(written) == [tuple(getattr(one, field) for field in fields) for one in entries]

    def test_takes_one_statement_for_a_hundred(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            rows.insert([entry(version) for version in range(1, 101)])

    def test_leaves_objects_that_can_be_saved_again(self):
        one = parked()

        rows.insert([one])

        assert (one._state.adding, one._state.db) == (False, "default")

    def test_writes_nothing_when_there_is_nothing(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            rows.insert([])

    def test_writes_empty_values(self):
        rows.insert([parked()])

        assert ParkedEvent.objects.values_list("retry_at", "trace", "attempts").get() == (None, "", 0)

    def test_leaves_it_to_the_database_to_refuse(self):
        aggregate_id = uuid4()

        with pytest.raises(IntegrityError), transaction.atomic():
            rows.insert([entry(1, aggregate_id), entry(1, aggregate_id)])

        assert LogEntry.objects.count() == 0
