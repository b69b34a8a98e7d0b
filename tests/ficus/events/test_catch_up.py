"""What was pushed in vain is pulled; proves semantics, section 8."""

import pytest

from ficus.errors import Unavailable
from ficus.events import catch_up, feeds, inbox
from ficus.events.feeds import OwnFeed, RemoteFeed
from ficus.events.models import Cursor, LogEntry
from ficus.events.v1.event_log_pb2 import ReadRequest
from tests.ficus.events.conftest import is_sqlite, shelved, write
from tests.ficus.events.depot import consumer

SERVICERS = ["ficus.events.rpc.EventLogServicer"]


@pytest.fixture
def post(settings):
    """The own log as the post's: served over gRPC's messages in this process."""
    settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "post:1"}}
    settings.RPC = {"UPSTREAMS": {"post": "local"}, "SERVICERS": SERVICERS}


@pytest.mark.django_db
class TestFeeds:
    def test_read_the_same_over_grpc_as_at_home(self, post, settings):
        written = write(*range(1, 8))

        at_home = [event for batch in OwnFeed().read(0) for event in batch.events]
        over_grpc = [event for batch in RemoteFeed("post").read(0) for event in batch.events]

        assert [each.id for each in at_home] == [each.id for each in written]
        assert [(each.source, *as_tuple(each)) for each in over_grpc] == [("post", *as_tuple(each)) for each in at_home]

    def test_read_in_batches_from_any_position(self, post, monkeypatch):
        monkeypatch.setattr(feeds, "BATCH", 2)
        write(*range(1, 8))

        at_home = [(batch.previous, len(batch.events)) for batch in OwnFeed().read(2)]
        over_grpc = [(batch.previous, len(batch.events)) for batch in RemoteFeed("post").read(2)]

        assert at_home == over_grpc == [(2, 2), (4, 2), (6, 1)]

    def test_end_where_the_log_ends(self, post):
        write(1)

        assert [*OwnFeed().read(1), *RemoteFeed("post").read(1)] == []

    def test_show_nothing_that_has_no_position_yet(self, post):
        write(1)
        LogEntry.objects.update(position=None)

        assert [*OwnFeed().read(0), *RemoteFeed("post").read(0)] == []


@pytest.mark.django_db
class TestEventLogServicer:
    @pytest.mark.parametrize(
        ("asked", "sizes"),
        [({}, [7]), ({"batch_size": 3}, [3, 3, 1]), ({"limit": 5}, [5]), ({"batch_size": 3, "limit": 4}, [3, 1])],
    )
    def test_gives_as_much_as_was_asked_for(self, post, asked, sizes):
        from ficus.events.rpc import EventLogServicer

        write(*range(1, 8))

        batches = list(EventLogServicer().Read(ReadRequest(**asked), None))

        assert [len(batch.events) for batch in batches] == sizes


@pytest.mark.django_db
class TestPull:
    def test_applies_everything_behind_the_cursor(self, post, depot, monkeypatch):
        monkeypatch.setattr(feeds, "BATCH", 2)
        monkeypatch.setattr(feeds, "_AT_ONCE", 3)
        write(*range(1, 8))

        read = catch_up.pull(consumer, "post")

        answered = (
            7 if is_sqlite() else 0
        )  # the depot's answers stand in the same log, where they have a position at once
        assert read == inbox.position("depot", "post") == 7 + answered
        assert shelved() == [1, 2, 3, 4, 5, 6, 7]

    def test_finds_nothing_the_second_time(self, post, depot):
        write(*range(1, 4))
        catch_up.pull(consumer, "post")

        assert catch_up.pull(consumer, "post") == 0

        assert shelved() == [1, 2, 3]

    def test_starts_anew_for_a_new_reader(self, post, depot):
        write(*range(1, 4))
        catch_up.pull(consumer, "post")
        Cursor.objects.update(position=0)

        catch_up.pull(consumer, "post")

        assert depot.attempts == [1, 2, 3, 1, 2, 3]

    def test_goes_on_where_a_call_used_up_its_time(self, post, depot, monkeypatch):
        monkeypatch.setattr(feeds, "BATCH", 2)
        whole = RemoteFeed._ask

        def ask(self, request, part):
            yield next(iter(whole(self, request, part)))
            raise Unavailable("Deadline Exceeded")

        monkeypatch.setattr(RemoteFeed, "_ask", ask)
        write(*range(1, 8))

        first = [batch.end for batch in RemoteFeed("post").read(0)]
        second = [batch.end for batch in RemoteFeed("post").read(first[-1])]

        assert (first, second) == ([2], [4])

    def test_says_when_a_call_brought_nothing(self, post, depot, monkeypatch):
        def ask(self, request, part):
            raise Unavailable("Deadline Exceeded")
            yield

        monkeypatch.setattr(RemoteFeed, "_ask", ask)

        with pytest.raises(Unavailable):
            catch_up.pull(consumer, "post")

    def test_says_when_the_producer_is_away(self, settings, depot):
        settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "post:1"}}
        settings.RPC = {"UPSTREAMS": {"post": "127.0.0.1:1"}, "SERVICERS": []}

        with pytest.raises(Unavailable):
            catch_up.pull(consumer, "post")


@pytest.mark.django_db
class TestCatchUp:
    def test_pulls_at_start_and_when_the_cursor_stands_still(self, post, depot):
        catching_up = catch_up.CatchUp(consumer, "post")
        write(1)
        catching_up.run()
        at_start = shelved()
        write(1)

        catching_up.run()

        assert (at_start, len(shelved())) == ([1], 2)

    def test_keeps_out_of_the_way_while_pushing_works(self, post, depot, django_assert_num_queries):
        catching_up = catch_up.CatchUp(consumer, "post")
        write(*range(1, 3))
        catching_up.run()
        write(*range(1, 3))
        Cursor.objects.update(position=3)  # as a worker would have done since

        with django_assert_num_queries(1):
            catching_up.run()

        assert depot.attempts == [1, 2]


def as_tuple(event):
    return (
        event.position,
        event.id,
        event.type,
        event.schema_version,
        event.aggregate_type,
        event.aggregate_id,
        event.aggregate_version,
        event.payload,
        event.metadata,
        event.recorded_at,
    )
