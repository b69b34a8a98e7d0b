"""A producer knows how far each of its followers is; proves semantics, section 8."""

import pytest
from django.utils import timezone

from ficus.errors import Invalid, NotFound, Unavailable
from ficus.events import followers, following, inbox
from ficus.events.consumer import Consumer
from ficus.events.followers import FollowerHoldsUp, Place
from ficus.events.models import Cursor, Follower, ParkedEvent
from ficus.testing.events import receive
from tests.ficus.events.conftest import batch
from tests.ficus.events.depot import ParcelSent
from tests.ficus.events.depot import consumer as depot_consumer

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SERVICERS = ["ficus.events.rpc.EventLogServicer"]


@pytest.fixture
def producer(settings):
    """This service is the post, which pushes to a depot elsewhere; no consumer here follows it."""
    settings.EVENTS = {**settings.EVENTS, "SOURCE": "letters", "PUSH_TO": ["reader"], "FEEDS": {}}


@pytest.fixture
def depot_at_post(settings):
    """This service follows the post's log, which is served in this process over gRPC's messages."""
    settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "post:1"}}
    settings.RPC = {"UPSTREAMS": {"post": "local"}, "SERVICERS": SERVICERS}


def note(*places):
    followers.note(places, at=NOW)


class TestPassed:
    def test_is_what_all_have_passed(self, producer):
        note(Place("reader", 12), Place("reader.names", 7))

        assert followers.passed(5) == (5, None)
        assert followers.passed(20) == (7, Place("reader.names", 7, None, NOW))

    def test_names_whom_the_relay_pushes_to_and_nobody_has_heard(self, producer):
        note(Place("another", 12))

        with pytest.raises(FollowerHoldsUp, match="reader follows this log and has never said how far"):
            followers.passed(5)

    def test_names_who_has_parked_an_event_of_that_part(self, producer):
        note(Place("reader", 12, parked=9))

        assert followers.passed(8) == (8, None)
        with pytest.raises(FollowerHoldsUp, match="reader has parked the event at 9"):
            followers.passed(9)

    def test_reads_the_cursors_of_consumers_of_this_process(self, settings, depot, parcel):
        settings.EVENTS = {**settings.EVENTS, "SOURCE": "post", "PUSH_TO": ["depot"], "FEEDS": {}}
        depot.refuses = {2}
        inbox.receive(depot_consumer, batch([parcel(1), parcel(2), parcel(3)]), at=NOW)

        [known] = [place for place in followers.list_places() if place.consumer == "depot"]

        assert known == Place("depot", 3, parked=2)

    def test_waits_for_a_consumer_of_this_process_that_has_not_begun(self, settings, monkeypatch):
        monkeypatch.setattr("ficus.events.consumer._consumers", {})
        idle = Consumer("idle")
        idle.handles(ParcelSent)(lambda event, received: None)
        settings.EVENTS = {**settings.EVENTS, "SOURCE": "post", "PUSH_TO": ["idle"], "FEEDS": {}}

        assert followers.passed(9) == (0, Place("idle", 0))


class TestNote:
    def test_believes_who_goes_back_to_the_beginning(self, producer):
        note(Place("reader", 12))
        note(Place("reader", 0))

        assert followers.passed(5) == (0, Place("reader", 0, None, NOW))

    @pytest.mark.parametrize("said", [Place("", 1), Place("x" * 51, 1), Place("reader", -1)])
    def test_refuses_what_makes_no_sense(self, said):
        with pytest.raises(Invalid):
            note(said)

        assert not Follower.objects.exists()

    def test_lets_nobody_fill_the_table(self, monkeypatch):
        monkeypatch.setattr(followers, "KNOWN", 2)
        note(Place("a", 1), Place("b", 1))

        with pytest.raises(Invalid, match="c is not one of them"):
            note(Place("c", 1))
        note(Place("a", 2))

        assert list(Follower.objects.order_by("consumer").values_list("consumer", "position")) == [("a", 2), ("b", 1)]


class TestForget:
    def test_waits_for_him_no_more_until_he_is_heard_again(self, producer):
        note(Place("reader", 9), Place("gone", 1))

        followers.forget("gone")

        assert followers.passed(9) == (9, None)
        with pytest.raises(NotFound):
            followers.forget("gone")


class TestTelling:
    def test_reaches_the_producer_with_all_who_follow_it_here(self, depot_at_post, monkeypatch):
        names = Consumer("depot.names")
        names.handles(ParcelSent)(lambda event, received: None)
        try:
            Cursor.objects.create(consumer="depot", source="post", position=12)
            ParkedEvent.objects.create(
                consumer="depot",
                source="post",
                position=5,
                event_id="0" * 32,
                aggregate_id="0" * 32,
                recorded={},
                parked_at=NOW,
            )

            following.tell("post")
        finally:
            from ficus.events import consumer as registry

            registry._consumers.pop("depot.names")
        told = {row.consumer: (row.position, row.parked) for row in Follower.objects.all()}
        assert told["depot"] == (12, 5)
        assert told["depot.names"] == (0, None)

    def test_is_done_every_ten_seconds_for_each_log_elsewhere(self, depot_at_post):
        assert [(chore.name, chore.every_seconds) for chore in following.chores()] == [
            ("telling post our places", 10.0)
        ]

    def test_says_when_the_producer_is_away(self, settings, depot_at_post):
        settings.RPC = {"UPSTREAMS": {"post": "127.0.0.1:1"}, "SERVICERS": []}

        with pytest.raises(Unavailable):
            following.tell("post")

    def test_has_nothing_to_tell_to_the_own_log(self, settings):
        settings.EVENTS = {"SOURCE": "post"}

        receive("depot", ParcelSent(parcel_id="0" * 32, weight=1), source="post")

        assert following.chores() == []
