"""The change and its event are one transaction, and no request waits for Redis; proves semantics, section 8."""

import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import transaction

from ficus import context
from ficus.events import log, poke
from ficus.events.models import LogEntry
from ficus.events.schema import encode
from ficus.testing.events import appended
from tests.ficus.events.conftest import is_sqlite
from tests.ficus.events.depot import ParcelSent, ParcelWeighed

pytestmark = pytest.mark.django_db


def sent(weight=1, **fields):
    return ParcelSent(**{"parcel_id": uuid4(), "weight": weight} | fields)


class TestAppend:
    def test_records_what_was_said_about_what(self):
        event = sent(weight=7)

        with transaction.atomic():
            recorded = log.append(event, version=1)

        assert appended() == [event]
        assert recorded.event() == event
        assert recorded.payload == encode(event) == {"parcel_id": str(event.parcel_id), "weight": 7}
        assert (recorded.type, recorded.schema_version) == ("post.parcel_sent", 1)
        assert (recorded.aggregate_type, recorded.aggregate_id, recorded.aggregate_version) == (
            "parcel",
            event.parcel_id,
            1,
        )

    def test_records_who_and_what_caused_it(self):
        with context.entered(correlation_id="request-1", causation_id="event-1", actor="ada"), transaction.atomic():
            recorded = log.append(sent(), version=1)

        assert recorded.metadata == {
            "correlation_id": "request-1",
            "causation_id": "event-1",
            "actor": "ada",
            "traceparent": "",
        }

    def test_correlates_with_itself_what_nothing_caused(self):
        with transaction.atomic():
            recorded = log.append(sent(), version=1)

        assert recorded.metadata["correlation_id"] == str(recorded.id)

    def test_refuses_outside_a_transaction_and_writes_nothing(self):
        with pytest.raises(log.NotInTransaction):
            log.append(sent(), version=1)

        assert appended() == []

    def test_refuses_a_version_that_exists_and_leaves_the_first(self):
        first = sent(weight=1)
        with transaction.atomic():
            log.append(first, version=1)

        with pytest.raises(log.ConcurrentChange), transaction.atomic():
            log.append(sent(weight=2, parcel_id=first.parcel_id), version=1)

        assert appended() == [first]

    def test_leaves_nothing_of_a_transaction_that_is_rolled_back(self):
        with transaction.atomic():
            log.append(sent(), version=1)
            transaction.set_rollback(True)

        assert appended() == []

    def test_has_a_position_at_once_only_where_there_is_one_writer(self):
        with transaction.atomic():
            first, second = log.append(sent(), version=1), log.append(sent(), version=1)

        assert [first.position, second.position] == ([1, 2] if is_sqlite() else [None, None])

    def test_costs_two_queries_at_most(self, django_assert_max_num_queries):
        with transaction.atomic(), django_assert_max_num_queries(2):
            log.append(sent(), version=1)


class TestAppendMany:
    def test_keeps_the_order_and_dates_what_is_dated(self):
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        first, second = sent(weight=1), sent(weight=2)

        with transaction.atomic():
            recorded = log.append_many([(first, 1, long_ago), (second, 1)])

        assert appended() == [first, second]
        assert recorded[0].recorded_at == long_ago
        assert recorded[1].recorded_at > long_ago

    def test_costs_as_many_queries_as_one(self, django_assert_max_num_queries):
        with transaction.atomic(), django_assert_max_num_queries(2):
            log.append_many([(sent(), 1) for _ in range(50)])


class TestHistory:
    def test_tells_one_aggregate_from_its_beginning(self):
        parcel = uuid4()
        with transaction.atomic():
            log.append_many([(sent(parcel_id=parcel), 1), (sent(), 1), (ParcelWeighed(parcel_id=parcel), 2)])

        told = log.history("parcel", parcel)

        assert [(each.aggregate_version, each.type) for each in told] == [
            (1, "post.parcel_sent"),
            (2, "post.parcel_weighed"),
        ]

    def test_is_empty_for_what_never_was(self):
        assert log.history("parcel", uuid4()) == []


class TestObservers:
    @pytest.fixture
    def observed(self, monkeypatch):
        seen = []
        monkeypatch.setattr(log, "_observers", {})
        log._observers[ParcelSent] = [seen.append]
        return seen

    def test_are_told_once_of_all_that_is_appended_together(self, observed):
        first, second = sent(), sent()

        with transaction.atomic():
            recorded = log.append_many([(first, 1), (ParcelWeighed(parcel_id=uuid4()), 1), (second, 1)])

        assert observed == [[(first, recorded[0]), (second, recorded[2])]]

    def test_take_part_in_the_transaction(self, observed):
        def refuse(_):
            raise ZeroDivisionError

        log._observers[ParcelSent] = [refuse]

        with pytest.raises(ZeroDivisionError), transaction.atomic():
            log.append(sent(), version=1)

        assert appended() == []


class TestPoke:
    def test_happens_after_the_commit_alone(self, monkeypatch, django_capture_on_commit_callbacks):
        pokes = []
        monkeypatch.setattr(poke, "poke", lambda: pokes.append(LogEntry.objects.count()))

        with django_capture_on_commit_callbacks(execute=True) as callbacks, transaction.atomic():
            log.append(sent(), version=1)
            before_commit = list(pokes)

        assert (before_commit, len(callbacks), pokes) == ([], 1, [1])

    @pytest.mark.parametrize("address", ["127.0.0.1:1", "192.0.2.1:6379"], ids=["refused", "silent"])
    def test_waits_for_no_redis(self, settings, address):
        settings.REDIS_URL = f"redis://{address}/0"
        began = time.perf_counter()

        for _ in range(100):
            poke.poke()

        assert time.perf_counter() - began < 3
