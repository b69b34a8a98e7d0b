"""Projections, their cursors in the own log and in another's, and which of them hear a push."""

import io
from collections.abc import Iterator
from uuid import UUID, uuid4

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from ficus.errors import Unavailable
from ficus.events import catch_up, cursors, inbox, log, options, projection, tasks
from ficus.events.models import Cursor, ParkedEvent
from ficus.events.partitions import WHOLE
from ficus.events.projection import Place, Projection
from ficus.events.schema import Event, event
from ficus.testing.events import deliver, sequence
from tests.ficus.events.depot import ParcelSent

pytestmark = pytest.mark.django_db


@event("mint.coin_struck", version=1, aggregate="coin", key="coin_id")
class CoinStruck(Event, frozen=True, kw_only=True):
    coin_id: UUID
    worth: int


seen: list[int] = []
hoard = Projection("mint.hoard", rows=[])
elsewhere = Projection("mint.parcels", rows=[])


@hoard.handles_together(CoinStruck)
def pile_up(coins):
    seen.extend(coin.worth for coin, _ in coins)


@elsewhere.handles(ParcelSent)
def notice_parcel(event, received):
    seen.append(-event.weight)


@pytest.fixture(autouse=True)
def mint(settings) -> Iterator[None]:
    """This service is the mint, which follows the post's log besides its own."""
    settings.EVENTS = {"SOURCE": "mint", "PUSH_TO": ["mint.hoard"], "FEEDS": {"post": "127.0.0.1:1"}}
    seen.clear()
    yield
    seen.clear()


def strike(*worths):
    with transaction.atomic():
        written = log.append_many([(CoinStruck(coin_id=uuid4(), worth=worth), 1) for worth in worths])
    sequence()
    return written


def push(consumer, previous, events):
    tasks.receive_batch(
        **orjson.loads(
            orjson.dumps(
                {
                    "consumer": consumer,
                    "source": "mint",
                    "previous": previous,
                    "events": log.read(after=previous, limit=events),
                }
            )
        )
    )


class TestFollowing:
    def test_is_of_the_own_log_or_a_feed_by_the_first_word_of_what_is_handled(self):
        assert (options.followed_by(hoard), options.followed_by(elsewhere)) == (["mint"], ["post"])

    def test_is_of_the_one_log_there_is_in_a_monolith(self, settings):
        settings.EVENTS = {"SOURCE": "monolith", "FEEDS": {"monolith": "local"}}

        assert (options.followed_by(hoard), options.followed_by(elsewhere)) == (["monolith"], ["monolith"])

    def test_needs_no_feed_for_the_own_log(self):
        strike(5, 7)

        catch_up.pull(hoard, "mint")

        assert (seen, inbox.position("mint.hoard", "mint")) == ([5, 7], 2)


class TestBeingPushedTo:
    def test_reaches_the_one_that_is_named(self):
        strike(5)

        push("mint.hoard", 0, 1)

        assert seen == [5]

    def test_leaves_a_whole_log_that_was_missed_to_the_relay(self):
        strike(5, 6, 7)

        push("mint.hoard", 2, 1)

        assert (seen, inbox.position("mint.hoard", "mint")) == ([], 0)

    def test_reaches_those_behind_a_name_that_follow_the_log(self, parcel, settings, depot):
        settings.EVENTS = {**settings.EVENTS, "SOURCE": "post"}
        beside = Projection("depot.census", rows=[])
        beside.handles(ParcelSent)(lambda event, received: seen.append(event.weight))
        try:
            batch = {"consumer": "depot", "source": "post", "previous": 0, "events": [parcel(1), parcel(2)]}
            tasks.receive_batch(**orjson.loads(orjson.dumps(batch)))
        finally:
            del projection.consumers.__globals__["_consumers"]["depot.census"]

        assert (depot.attempts, seen) == ([1, 2], [1, 2])


class TestReplay:
    def test_begins_anew_with_a_cursor_at_the_beginning(self):
        strike(5, 7)
        deliver("mint.hoard")
        counted = []

        projection.replay(hoard, counted.append)

        assert (seen, sum(counted)) == ([5, 7, 5, 7], 2)
        assert projection.places(hoard) == [Place("mint", 2, 0)]

    def test_forgets_what_was_parked(self):
        [struck] = strike(5)
        ParkedEvent.objects.create(
            consumer="mint.hoard",
            source="mint",
            position=1,
            event_id=struck.id,
            aggregate_id=struck.aggregate_id,
            recorded={},
            parked_at=timezone.now(),
        )

        projection.replay(hoard)

        assert (seen, ParkedEvent.objects.count()) == ([5], 0)

    def test_drops_nothing_when_a_log_cannot_be_read(self, settings):
        settings.RPC = {"UPSTREAMS": {"post": "127.0.0.1:1"}, "SERVICERS": []}
        cursors.lock("mint.parcels", "post", WHOLE)
        Cursor.objects.update(position=9)

        with pytest.raises(Unavailable):
            projection.replay(elsewhere)

        assert inbox.position("mint.parcels", "post") == 9


class TestCommand:
    def run(self, *arguments):
        out = io.StringIO()
        call_command("projection", *arguments, stdout=out)
        return out.getvalue()

    def test_lists_how_far_each_is(self):
        strike(5, 7, 9)
        push("mint.hoard", 0, 2)

        listed = self.run("list").splitlines()

        assert [line for line in listed if line.startswith("mint.")] == [
            "mint.hoard  0 rows  mint:2 (1 behind)",
            "mint.parcels  0 rows  post:0",
        ]

    def test_replays_one(self):
        strike(5)
        deliver("mint.hoard")

        assert self.run("replay", "mint.hoard") == "mint.hoard is replayed: 1 events passed\n"

        assert seen == [5, 5]

    def test_drops_one_for_the_running_system_to_make_again(self):
        strike(5)
        deliver("mint.hoard")

        self.run("drop", "mint.hoard")

        assert projection.places(hoard) == [Place("mint", 0, 1)]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["replay", "mint.coins"], "there is no mint.coins; there is"),
            (["replay"], "say which to replay; there is"),
            (["forget", "mint.hoard"], "there is list, drop, replay; not forget"),
        ],
    )
    def test_says_in_one_line_what_it_cannot_do(self, arguments, said):
        with pytest.raises(CommandError, match=said) as refused:
            self.run(*arguments)

        assert (refused.value.returncode, len(str(refused.value).splitlines())) == (2, 1)
