"""Positions are dense and final, whoever commits when; proves architecture, section 4."""

import threading
from uuid import uuid4

import pytest
from django.db import connection, transaction

from ficus.events import log, sequencer
from ficus.events.models import LogEntry
from ficus.testing.events import sequence
from tests.ficus.events.conftest import is_sqlite
from tests.ficus.events.depot import ParcelSent
from tests.ficus.events.threads import in_threads


def append(weight):
    with transaction.atomic():
        log.append(ParcelSent(parcel_id=uuid4(), weight=weight), version=1)


def positions():
    return list(LogEntry.objects.order_by("position").values_list("position", flat=True))


@pytest.mark.django_db(transaction=True)
class TestPositions:
    def test_are_dense_however_many_write_at_once(self):
        in_threads(4, lambda: [append(weight) for weight in range(10)])
        sequence()

        assert positions() == list(range(1, 41))

    def test_go_on_where_they_ended(self):
        append(1)
        sequence()
        append(2)
        sequence()

        assert [event.payload["weight"] for event in log.read(after=1, limit=10)] == [2]
        assert log.last_position() == 2

    def test_leave_no_gap_for_what_was_rolled_back(self):
        append(1)
        with transaction.atomic():
            log.append(ParcelSent(parcel_id=uuid4(), weight=2), version=1)
            transaction.set_rollback(True)
        append(3)
        sequence()

        assert [(each.position, each.payload["weight"]) for each in log.read(after=0, limit=10)] == [(1, 1), (2, 3)]


@pytest.mark.applies_when(lambda: not is_sqlite())  # SQLite has one writer and gives positions at once
@pytest.mark.django_db(transaction=True)
class TestSequencerOnPostgreSQL:
    def test_loses_nothing_that_commits_late(self):
        written, may_commit = threading.Event(), threading.Event()

        def write_slowly():
            with transaction.atomic():
                log.append(ParcelSent(parcel_id=uuid4(), weight=1), version=1)
                written.set()
                may_commit.wait(10)
            connection.close()

        slow = threading.Thread(target=write_slowly)
        slow.start()
        written.wait(10)
        append(2)
        sequencer.assign()
        read_before = [each.payload["weight"] for each in log.read(after=0, limit=10)]
        may_commit.set()
        slow.join(10)
        sequencer.assign()
        read_after = [each.payload["weight"] for each in log.read(after=1, limit=10)]

        assert (read_before, read_after) == ([2], [1])
        assert list(LogEntry.objects.order_by("number").values_list("position", flat=True)) == [2, 1]

    def test_gives_no_more_than_one_batch_at_a_time(self):
        with transaction.atomic():
            log.append_many([(ParcelSent(parcel_id=uuid4(), weight=weight), 1) for weight in range(12)])

        assert [sequencer.assign(limit=5), sequencer.assign(limit=5), sequencer.assign(limit=5)] == [5, 5, 2]
        assert [each.payload["weight"] for each in log.read(after=0, limit=20)] == list(range(12))

    def test_is_one_process_at_a_time(self):
        assert sequencer.try_lock()
        elsewhere = in_threads(1, sequencer.try_lock)
        sequencer.unlock()
        afterwards = in_threads(1, sequencer.try_lock)

        assert (elsewhere, afterwards) == ([False], [True])
