"""A story that is told wrongly fails the test that tells it: ``ficus.testing.sagas``."""

from datetime import timedelta
from uuid import uuid4

import pytest

from ficus.sagas.saga import DONE, RUNNING
from ficus.testing.sagas import Scenario
from tests.ficus.sagas.trip import BookHotel, FlightBooked, HotelBooked, TripConfirmed, TripPlanned, plan_trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def trip():
    return uuid4()


@pytest.fixture(params=[0, 2], ids=["alone", "among others"])
def flight_booked(request, trip):
    scenario = Scenario(plan_trip, among=request.param)
    return scenario.given(TripPlanned(trip_id=trip)).when(FlightBooked(trip_id=trip))


class TestThen:
    def test_holds_for_what_followed(self, trip, flight_booked):
        told = flight_booked.then(BookHotel(trip_id=trip), status=RUNNING, awaits="book hotel", attempt=1)

        assert told is flight_booked

    @pytest.mark.parametrize(
        "announced",
        [(), (HotelBooked,), (BookHotel, TripConfirmed), (TripConfirmed, BookHotel)],
        ids=["less", "another", "more", "more before"],
    )
    def test_fails_where_something_else_followed(self, trip, flight_booked, announced):
        with pytest.raises(AssertionError, match="BookHotel"):
            flight_booked.then(*(each(trip_id=trip) for each in announced), status=RUNNING)

    def test_fails_where_it_followed_for_another(self, flight_booked):
        with pytest.raises(AssertionError, match="BookHotel"):
            flight_booked.then(BookHotel(trip_id=uuid4()), status=RUNNING)

    @pytest.mark.parametrize(
        "stands",
        [
            {"status": DONE},
            {"awaits": "book flight"},
            {"awaits": ""},
            {"within": timedelta(days=400)},
            {"attempt": 2},
        ],
        ids=str,
    )
    def test_fails_where_the_story_stands_elsewhere(self, trip, flight_booked, stands):
        with pytest.raises(AssertionError):
            flight_booked.then(BookHotel(trip_id=trip), **{"status": RUNNING, **stands})


class TestThenTold:
    def test_fails_where_the_timeline_tells_something_else(self, flight_booked):
        with pytest.raises(AssertionError):
            flight_booked.then_told("nothing of the kind")
