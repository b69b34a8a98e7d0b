"""What comes over the wire may be lost, late or newer; proves semantics, section 8."""

import orjson
import pytest

from ficus.errors import Unavailable
from ficus.events import catch_up, inbox, refusals, tasks
from ficus.events.feeds import Feed
from ficus.events.inbox import Batch
from ficus.events.models import Cursor, RefusedMessage
from ficus.events.partitions import WHOLE, number_of
from tests.ficus.events.conftest import shelved

pytestmark = pytest.mark.django_db


class Post(Feed):
    """The post's log, as it answers those who pull."""

    def __init__(self, events=(), away=False):
        self.events, self.away = events, away

    def read(self, after, part=WHOLE):
        if self.away:
            raise Unavailable("the post is closed")
        if behind := [each for each in self.events if each.place() > after]:
            events = [each for each in behind if part.holds(each.aggregate_id)]
            yield Batch("post", after, events, part, behind[-1].place())


@pytest.fixture
def post(monkeypatch, settings):
    feed = Post()
    settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "127.0.0.1:1"}}
    monkeypatch.setattr(catch_up, "feed", lambda source: feed)
    return feed


def over_the_wire(previous, events, **more):
    return (
        orjson.loads(orjson.dumps({"consumer": "depot", "source": "post", "previous": previous, "events": events}))
        | more
    )


class TestReceiveBatch:
    def test_applies_what_comes_over_the_wire(self, depot, parcel, post):
        tasks.receive_batch(**over_the_wire(0, [parcel(1), parcel(2)]))

        assert shelved() == [1, 2]

    def test_pulls_what_is_missing_before_it(self, depot, parcel, post):
        post.events = [parcel(position) for position in range(1, 6)]

        tasks.receive_batch(**over_the_wire(3, post.events[3:4]))

        assert shelved() == [1, 2, 3, 4, 5]

    def test_leaves_a_gap_to_the_next_pull_when_the_producer_is_away(self, depot, parcel, post):
        post.away = True

        tasks.receive_batch(**over_the_wire(3, [parcel(4)]))

        assert (shelved(), inbox.position("depot", "post")) == ([], 0)

    def test_tolerates_what_a_newer_producer_says_besides(self, depot, parcel, post):
        tasks.receive_batch(**over_the_wire(0, [parcel(1)], added_later=True))

        assert shelved() == [1]

    def test_leaves_a_batch_to_the_next_pull_when_the_database_fails(self, depot, parcel, post):
        depot.loses_database = True

        tasks.receive_batch(**over_the_wire(0, [parcel(1)]))

        assert (shelved(), inbox.position("depot", "post")) == ([], 0)


class TestRefusedMessages:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"source": "stranger"}, "the source is not configured"),
            ({"source": ["post"]}, "the source is not configured"),
            ({"consumer": "nobody"}, "no such consumer here"),
            ({"consumer": None}, "no such consumer here"),
            ({"previous": "0"}, "not a batch of events"),
            ({"events": "garbage"}, "not a batch of events"),
            ({"events": [{"weight": 1}]}, "not a batch of events"),
            ({"previous": -5}, "not consecutive events of its source"),
            ({"previous": 1}, "not consecutive events of its source"),
            ({"upto": 0}, "not consecutive events of its source"),
            ({"upto": 2}, "not consecutive events of its source"),
            ({"upto": "1"}, "not a batch of events"),
            ({"of": None}, "not a batch of events"),
            ({"partition": 1}, "not of its part of the source"),
            ({"partition": -1, "of": 2}, "not of its part of the source"),
            ({"of": 65}, "not of its part of the source"),
            ({"of": 0}, "not of its part of the source"),
        ],
    )
    def test_are_counted_and_change_nothing(self, depot, parcel, post, changes, reason):
        tasks.receive_batch(**over_the_wire(0, [parcel(1)]) | changes)

        assert list(RefusedMessage.objects.values_list("reason", "count")) == [(reason, 1)]
        assert (shelved(), inbox.position("depot", "post")) == ([], 0)
        assert not Cursor.objects.exists()

    def test_are_counted_when_an_event_is_of_another_part(self, depot, parcel, post):
        event = parcel(1)
        other = 1 - number_of(event.aggregate_id, 2)

        tasks.receive_batch(**over_the_wire(0, [event], partition=other, of=2))

        assert RefusedMessage.objects.get().reason == "not of its part of the source"
        assert shelved() == []

    def test_are_counted_when_they_mix_the_events_of_several_logs(self, depot, parcel, post):
        tasks.receive_batch(**over_the_wire(0, [parcel(1), parcel(2, source="courier")]))

        assert RefusedMessage.objects.get().reason == "not consecutive events of its source"
        assert shelved() == []

    def test_are_counted_when_they_leave_out_an_event_of_a_whole_log(self, depot, parcel, post):
        tasks.receive_batch(**over_the_wire(0, [parcel(1), parcel(3)]))

        assert RefusedMessage.objects.get().reason == "not consecutive events of its source"
        assert (shelved(), inbox.position("depot", "post")) == ([], 0)

    def test_are_counted_when_there_is_nothing_in_them(self, depot, post):
        tasks.receive_batch("garbage")

        refused = RefusedMessage.objects.get()
        assert (refused.consumer, refused.source, refused.count) == ("None", "None", 1)

    def test_of_one_kind_are_counted_together_with_the_last_of_them(self, depot, parcel, post):
        for weight in (1, 2, 3):
            tasks.receive_batch(**over_the_wire(0, [parcel(1, weight=weight)], source="strang\0er\ud800"))

        refused = RefusedMessage.objects.get()
        assert (refused.consumer, refused.source, refused.count) == ("depot", "stranger?", 3)
        assert "'weight': 3" in refused.last
        assert refused.first_at < refused.last_at

    def test_of_ever_new_kinds_do_not_fill_the_table(self, depot, post, monkeypatch):
        monkeypatch.setattr(refusals, "KINDS", 3)

        for number in range(10):
            tasks.receive_batch(consumer="depot", source=f"stranger {number}")

        counted = dict(RefusedMessage.objects.values_list("source", "count"))
        assert counted == {"stranger 0": 1, "stranger 1": 1, "stranger 2": 1, "(others)": 7}

    def test_leave_what_comes_after_them_alone(self, depot, parcel, post):
        tasks.receive_batch(**over_the_wire(0, [parcel(1)], source="stranger"))

        tasks.receive_batch(**over_the_wire(0, [parcel(1)]))

        assert shelved() == [1]
