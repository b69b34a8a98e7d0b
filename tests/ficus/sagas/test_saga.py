"""A story goes on, ends, is late and is taken back; proves architecture, section 5, and semantics, section 9."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from ficus import context
from ficus.events import handling, log
from ficus.sagas import timers
from ficus.sagas.models import SagaInstance
from ficus.sagas.saga import CANCELLED, DONE, LATE, REFUSED, RUNNING, NoSuchStory
from ficus.testing.events import appended, foreign
from ficus.testing.sagas import Scenario
from tests.ficus.sagas.trip import (
    BookHotel,
    CancelFlight,
    CancelHotel,
    FlightBooked,
    FlightRefused,
    HotelBooked,
    HotelRefused,
    TripConfirmed,
    TripGivenUp,
    TripPlanned,
    TripRefused,
    plan_trip,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def trip():
    return uuid4()


@pytest.fixture(params=[0, 2], ids=["alone", "among others"])
def scenario(request):
    return Scenario(plan_trip, among=request.param)


class TestPlanTrip:
    def test_begins_with_its_first_event(self, trip, scenario):
        scenario.when(TripPlanned(trip_id=trip)).then(status=RUNNING)

    def test_asks_for_the_hotel_when_the_flight_is_booked(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip))
            .when(FlightBooked(trip_id=trip))
            .then(BookHotel(trip_id=trip), status=RUNNING)
        )

    def test_is_confirmed_when_everything_is_booked(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip))
            .when(HotelBooked(trip_id=trip))
            .then(TripConfirmed(trip_id=trip), status=DONE)
        )

    def test_has_nothing_to_take_back_when_the_flight_is_refused(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip))
            .when(FlightRefused(trip_id=trip))
            .then(TripRefused(trip_id=trip), status=REFUSED)
        )

    def test_cancels_the_flight_when_the_hotel_is_refused(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip))
            .when(HotelRefused(trip_id=trip))
            .then(CancelFlight(trip_id=trip), TripRefused(trip_id=trip), status=REFUSED)
        )

    def test_passes_over_an_answer_that_comes_again(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip), HotelBooked(trip_id=trip))
            .when(HotelBooked(trip_id=trip))
            .then(status=DONE)
            .when(FlightBooked(trip_id=trip))
            .then(status=DONE)
        )


class TestDeadlines:
    def test_are_not_over_before_their_time(self, trip, scenario):
        (scenario.given(TripPlanned(trip_id=trip)).when_nothing_comes_for(timedelta(minutes=59)).then(status=RUNNING))

    def test_end_a_story_without_an_answer(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip))
            .when_nothing_comes_for(timedelta(hours=1, seconds=1))
            .then(TripGivenUp(trip_id=trip), status=LATE)
        )

    def test_take_back_what_was_done_before(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip))
            .when_nothing_comes_for(timedelta(hours=2, seconds=1))
            .then(CancelFlight(trip_id=trip), TripGivenUp(trip_id=trip), status=LATE)
        )

    def test_are_each_steps_own(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip))
            .when_nothing_comes_for(timedelta(hours=1, minutes=59))
            .then(status=RUNNING)
        )

    def test_are_all_met_however_many_are_due(self, monkeypatch):
        monkeypatch.setattr(timers, "AT_ONCE", 2)
        for _ in range(5):
            Scenario(plan_trip).given(TripPlanned(trip_id=uuid4()))

        assert timers.expire_due(at=timezone.now() + timedelta(hours=2)) == 5

        assert len(appended(TripGivenUp)) == 5

    def test_of_one_story_that_cannot_end_do_not_hold_up_the_others(self, trip, caplog):
        scenario = Scenario(plan_trip)
        scenario.given(TripPlanned(trip_id=uuid4()))
        SagaInstance.objects.update(saga="agency.forgotten", deadline_at=timezone.now())
        scenario.given(TripPlanned(trip_id=trip))
        at = timezone.now() + timedelta(hours=2)

        assert timers.expire_due(at=at) == 1

        assert appended(TripGivenUp) == [TripGivenUp(trip_id=trip)]
        assert SagaInstance.objects.get(saga="agency.forgotten").deadline_at == at + timers.POSTPONED_BY


class TestLateAnswers:
    def test_are_taken_back(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip))
            .when_nothing_comes_for(timedelta(hours=2))
            .when(FlightBooked(trip_id=trip))
            .then(CancelFlight(trip_id=trip), status=LATE)
        )

    def test_are_taken_back_once(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip))
            .when_nothing_comes_for(timedelta(hours=2))
            .given(FlightBooked(trip_id=trip))
            .when(FlightBooked(trip_id=trip))
            .then(status=LATE)
        )

    def test_that_refuse_change_nothing(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip))
            .when_nothing_comes_for(timedelta(hours=2))
            .when(FlightRefused(trip_id=trip))
            .then(status=LATE)
        )


class TestEndedFromOutside:
    def test_takes_back_what_was_done(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip))
            .when(TripGivenUp(trip_id=trip))
            .then(CancelFlight(trip_id=trip), status=CANCELLED)
        )

    def test_takes_back_what_is_done_too_late(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip), TripGivenUp(trip_id=trip))
            .when(HotelBooked(trip_id=trip))
            .then(CancelHotel(trip_id=trip), status=CANCELLED)
        )

    def test_awaits_nothing_more_when_it_was_done(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), TripConfirmed(trip_id=trip))
            .when(FlightBooked(trip_id=trip))
            .then(status=DONE)
        )

    def test_has_no_deadline_any_more(self, trip, scenario):
        (
            scenario.given(TripPlanned(trip_id=trip), TripGivenUp(trip_id=trip))
            .when_nothing_comes_for(timedelta(days=1))
            .then(status=CANCELLED)
        )

    def test_happens_to_many_at_once_with_few_queries(self, django_assert_num_queries):
        trips = [uuid4() for _ in range(20)]
        with transaction.atomic():
            log.append_many([(TripPlanned(trip_id=trip), 1) for trip in trips])

        with transaction.atomic(), django_assert_num_queries(ending_queries()):
            log.append_many([(TripConfirmed(trip_id=trip), 2) for trip in trips])

        assert set(SagaInstance.objects.values_list("status", "awaits", "deadline_at")) == {("done", "", None)}


def ending_queries():
    """Position where there is one writer, the events, the stories."""
    from tests.ficus.events.conftest import is_sqlite

    return 3 if is_sqlite() else 2


class TestRecordOfAStory:
    def test_tells_what_happened_and_which_event_brought_it(self, trip, scenario):
        scenario.given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip), HotelRefused(trip_id=trip))

        told = SagaInstance.objects.get(key=trip).timeline

        assert [each["what"] for each in told] == [
            "began: asked to book flight",
            "flight.flight_booked: book flight done, asked to book hotel",
            "hotel.hotel_refused: book hotel refused",
        ]
        assert told[0]["event"] == str(log.history("trip", trip)[0].id)

    def test_tells_of_late_answers_and_of_ends_from_outside(self, trip, scenario):
        scenario.given(TripPlanned(trip_id=trip), TripGivenUp(trip_id=trip), FlightBooked(trip_id=trip))

        assert [each["what"] for each in SagaInstance.objects.get(key=trip).timeline] == [
            "began: asked to book flight",
            "agency.trip_given_up",
            "flight.flight_booked: too late, took back book flight",
        ]


class TestReceive:
    def test_refuses_an_answer_to_a_story_that_never_began(self, trip):
        event = FlightBooked(trip_id=trip)

        with pytest.raises(NoSuchStory), transaction.atomic():
            plan_trip.receive(event, foreign("agency", event), at=timezone.now())

        assert appended() == []

    def test_leaves_nothing_when_the_story_was_changed_at_the_same_time(self, trip, monkeypatch):
        Scenario(plan_trip).given(TripPlanned(trip_id=trip))
        event = FlightBooked(trip_id=trip)
        hotel = plan_trip.steps[1]

        def ask_while_another_changes(story):
            SagaInstance.objects.update(version=7)
            hotel.ask(story)

        monkeypatch.setattr(plan_trip, "steps", [plan_trip.steps[0], replace(hotel, ask=ask_while_another_changes)])
        with pytest.raises(log.ConcurrentChange), transaction.atomic():
            plan_trip.receive(event, foreign("agency", event), at=timezone.now())

        assert appended() == [TripPlanned(trip_id=trip)]
        assert SagaInstance.objects.get(key=trip).awaits == "book flight"

    def test_costs_two_queries_beyond_what_the_story_does(self, trip, scenario, django_assert_num_queries):
        scenario.given(TripPlanned(trip_id=trip)).when_nothing_comes_for(timedelta(hours=2))
        event = FlightRefused(trip_id=trip)
        received = foreign("agency", event)

        with transaction.atomic(), django_assert_num_queries(2):
            plan_trip.receive(event, received, at=timezone.now())


class TestReceiveMany:
    def test_hears_several_answers_to_one_story_in_their_order(self, trip):
        other = uuid4()
        for each in (trip, other):
            Scenario(plan_trip).given(TripPlanned(trip_id=each))
        answers = [FlightBooked(trip_id=trip), FlightBooked(trip_id=other), HotelBooked(trip_id=trip)]

        hear(answers)

        assert SagaInstance.objects.get(key=trip).status == DONE
        assert SagaInstance.objects.get(key=trip).version == 3
        assert SagaInstance.objects.get(key=other).awaits == "book hotel"
        assert appended(TripConfirmed) == [TripConfirmed(trip_id=trip)]

    def test_lets_no_story_be_ended_by_another_that_it_is_carried_on_with(self, trip, monkeypatch):
        other = uuid4()
        for each in (trip, other):
            Scenario(plan_trip).given(TripPlanned(trip_id=each), FlightBooked(trip_id=each))

        def confirm_and_give_up_the_other(story):
            log.append(TripConfirmed(trip_id=story.key), version=2)
            if story.key == trip:
                log.append(TripGivenUp(trip_id=other), version=2)

        monkeypatch.setattr(plan_trip, "when_done", confirm_and_give_up_the_other)
        with pytest.raises(log.ConcurrentChange, match="ended by another story of its batch"):
            hear([HotelBooked(trip_id=trip), HotelBooked(trip_id=other)])

        assert appended(TripConfirmed) == []

    def test_does_nothing_when_one_story_never_began(self, trip):
        Scenario(plan_trip).given(TripPlanned(trip_id=trip))

        with pytest.raises(NoSuchStory):
            hear([FlightBooked(trip_id=trip), FlightBooked(trip_id=uuid4())])

        assert SagaInstance.objects.get(key=trip).awaits == "book flight"

    def test_costs_two_queries_beyond_what_the_stories_do(self, django_assert_num_queries):
        trips = [uuid4() for _ in range(20)]
        for trip in trips:
            Scenario(plan_trip).given(TripPlanned(trip_id=trip)).when_nothing_comes_for(timedelta(hours=2))

        pairs = heard([FlightRefused(trip_id=trip) for trip in trips])
        with transaction.atomic(), django_assert_num_queries(2):
            plan_trip.receive_many(pairs, at=timezone.now())


def heard(answers):
    return [(answer, foreign("agency", answer)) for answer in answers]


def hear(answers):
    """Have the saga hear answers as the inbox hands them over."""
    pairs = heard(answers)
    with transaction.atomic(), context.together({received.id: handling.cause(received) for _, received in pairs}):
        plan_trip.receive_many(pairs, at=timezone.now())
