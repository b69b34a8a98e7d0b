"""People take stuck stories up again, or end them; the timeline says who and why."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from ficus.events import inbox
from ficus.events.consumer import Consumer
from ficus.events.inbox import Batch
from ficus.events.models import ParkedDecision, ParkedEvent
from ficus.sagas import decisions
from ficus.sagas.decisions import NotDeclared, ReasonMissing
from ficus.sagas.models import SagaInstance
from ficus.sagas.saga import ABORTED, DONE, LATE, RUNNING, StoryEnded
from ficus.testing.events import appended, foreign
from ficus.testing.sagas import Scenario
from tests.ficus.sagas.trip import (
    BookHotel,
    CancelFlight,
    CancelHotel,
    FlightBooked,
    HotelBooked,
    TripConfirmed,
    TripGivenUp,
    TripPlanned,
    plan_trip,
)

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def trip():
    return uuid4()


@pytest.fixture
def half_booked(trip):
    return Scenario(plan_trip, at=BEGIN).given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip))


def last_moment():
    return SagaInstance.objects.get().timeline[-1]


class TestRetry:
    def test_asks_again_with_a_new_deadline(self, trip, half_booked):
        (
            half_booked.when_nothing_comes_for(timedelta(hours=1))
            .when_retried(reason="the hotel was closed")
            .then(BookHotel(trip_id=trip), status=RUNNING, awaits="book hotel", within=timedelta(hours=2), attempt=2)
            .when(HotelBooked(trip_id=trip))
            .then(TripConfirmed(trip_id=trip), status=DONE)
        )

    def test_tells_who_asked_and_why(self, half_booked):
        half_booked.when_retried(by="olga (7)", reason="the hotel was closed")

        assert last_moment() == {
            "at": BEGIN.isoformat(),
            "what": "asked again to book hotel",
            "event": "",
            "step": "book hotel",
            "attempt": 2,
            "until": (BEGIN + timedelta(hours=2)).isoformat(),
            "by": "olga (7)",
            "why": "the hotel was closed",
        }

    def test_of_a_step_that_an_earlier_event_asked_for_waits_anew(self, trip):
        (
            Scenario(plan_trip, at=BEGIN)
            .given(TripPlanned(trip_id=trip))
            .when_nothing_comes_for(timedelta(minutes=59))
            .when_retried()
            .then(status=RUNNING, awaits="book flight", within=timedelta(hours=1), attempt=2)
            .then_told("waits anew for the answer to book flight")
        )

    def test_counts_the_attempts_of_each_step(self, trip):
        (
            Scenario(plan_trip)
            .given(TripPlanned(trip_id=trip))
            .when_retried()
            .when(FlightBooked(trip_id=trip))
            .then(BookHotel(trip_id=trip), status=RUNNING, attempt=1)
        )

    def test_ends_a_story_that_could_not_be_ended_in_time(self, trip, half_booked, monkeypatch):
        def fail(story):
            raise ValueError("no way back")

        with monkeypatch.context() as broken:
            broken.setattr(plan_trip, "when_late", fail)
            half_booked.when_nothing_comes_for(timedelta(hours=3)).then(status=RUNNING)
        assert SagaInstance.objects.get().trouble == "ValueError: no way back"

        half_booked.when_retried(reason="repaired").then(
            CancelFlight(trip_id=trip), TripGivenUp(trip_id=trip), status=LATE
        )

        assert SagaInstance.objects.get().trouble == ""
        assert (last_moment()["took_back"], last_moment()["why"]) == (["book flight"], "repaired")

    def test_tries_the_parked_answers_of_the_story(self, trip, answers):
        Scenario(plan_trip).given(TripPlanned(trip_id=trip))
        story = SagaInstance.objects.get()
        answers.fails = True
        answers.hear(FlightBooked(trip_id=trip), story.correlation_id)
        answers.hear(FlightBooked(trip_id=uuid4()), "another story")
        answers.fails = False

        decisions.retry(story, by="olga", at=timezone.now(), reason="repaired")

        told = ParkedDecision.objects.values_list("by", "reason").get()
        assert told == ("olga", "the story is retried: repaired")
        assert inbox.retry_parked(at=timezone.now()) == 1
        assert SagaInstance.objects.get().awaits == "book hotel"
        assert ParkedEvent.objects.count() == 1

    def test_refuses_what_has_ended(self, trip, half_booked):
        half_booked.when(HotelBooked(trip_id=trip))

        with pytest.raises(StoryEnded):
            half_booked.when_retried()

        assert len(appended(BookHotel)) == 1

    def test_refuses_what_is_not_declared_any_more(self, half_booked):
        SagaInstance.objects.update(saga="agency.forgotten")

        with pytest.raises(NotDeclared), transaction.atomic():
            decisions.retry(SagaInstance.objects.get(), by="olga", at=BEGIN)


class TestAbort:
    def test_takes_back_what_was_done(self, trip, half_booked):
        half_booked.when_aborted().then(
            CancelFlight(trip_id=trip), TripGivenUp(trip_id=trip), status=ABORTED, awaits="book hotel"
        )

    def test_takes_back_what_is_done_too_late(self, trip, half_booked):
        (
            half_booked.when_aborted()
            .when(HotelBooked(trip_id=trip))
            .then(CancelHotel(trip_id=trip), status=ABORTED, awaits="")
            .then_told("aborted", "hotel.hotel_booked: too late, took back book hotel")
        )

    def test_tells_who_ended_it_and_why(self, half_booked):
        half_booked.when_aborted(by="olga (7)", reason="she stays at home")

        assert last_moment() == {
            "at": BEGIN.isoformat(),
            "what": "aborted",
            "event": "",
            "step": "book hotel",
            "took_back": ["book flight"],
            "by": "olga (7)",
            "why": "she stays at home",
        }

    def test_needs_a_reason(self, half_booked):
        with pytest.raises(ReasonMissing):
            half_booked.when_aborted(reason="  ")

        half_booked.then(status=RUNNING)

    def test_refuses_what_has_ended(self, half_booked):
        half_booked.when_aborted()

        with pytest.raises(StoryEnded):
            half_booked.when_aborted()

        assert len(appended(TripGivenUp)) == 1


class Answers:
    """A consumer of the flight's answers, which fails when told to."""

    def __init__(self):
        self.fails = False
        self.consumer = Consumer("agency")
        self.consumer.handles(FlightBooked)(self._carry_on)

    def hear(self, event, correlation_id):
        received = foreign("agency", event, metadata={"correlation_id": correlation_id})
        inbox.receive(self.consumer, Batch("flight", received.place() - 1, [received]), at=timezone.now())

    def _carry_on(self, event, received):
        if self.fails:
            raise ValueError("not now")
        plan_trip.receive(event, received, at=timezone.now())


@pytest.fixture
def answers(monkeypatch):
    monkeypatch.setattr("ficus.events.consumer._consumers", {})
    return Answers()
