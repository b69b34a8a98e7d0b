"""A story in two steps for the tests: a trip needs a flight, then a hotel; what is booked in vain is cancelled."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from ficus.events import log
from ficus.events.schema import Event, event
from ficus.sagas.saga import CANCELLED, DONE, REFUSED, Saga, Step, Story, together


class TripEvent(Event, frozen=True, kw_only=True):
    trip_id: UUID


def declared(name: str, aggregate: str) -> type[TripEvent]:
    """Declare an event that says nothing but which trip it is about."""
    cls = type(name.title().replace("_", ""), (TripEvent,), {"__module__": __name__}, frozen=True, kw_only=True)
    service = "agency" if aggregate == "trip" or name.startswith(("book", "cancel")) else aggregate
    return event(f"{service}.{name}", version=1, aggregate=aggregate, key="trip_id")(cls)


TripPlanned = declared("trip_planned", "trip")
TripConfirmed = declared("trip_confirmed", "trip")
TripRefused = declared("trip_refused", "trip")
TripGivenUp = declared("trip_given_up", "trip")
CancelFlight = declared("cancel_flight", "flight_cancellation")
FlightBooked = declared("flight_booked", "flight")
FlightRefused = declared("flight_refused", "flight")
BookHotel = declared("book_hotel", "hotel_booking")
CancelHotel = declared("cancel_hotel", "hotel_cancellation")
HotelBooked = declared("hotel_booked", "hotel")
HotelRefused = declared("hotel_refused", "hotel")


def announce(cls: type[TripEvent]):
    """Return a saga's function that appends the event."""

    def append(story: Story) -> None:
        version = len(log.history(cls.AGGREGATE, story.key)) + 1
        log.append(cls(trip_id=story.key), version=version)

    return append


@together
def confirm_trips(stories: Sequence[Story]) -> None:
    log.append_many(log.Fact(TripConfirmed(trip_id=story.key), 2, caused_by=story.caused_by) for story in stories)


plan_trip = Saga(
    "agency.plan_trip",
    key="trip_id",
    begins_with=TripPlanned,
    steps=[
        # TripPlanned itself asks for the flight.
        Step(
            "book flight",
            done_by=FlightBooked,
            refused_by=FlightRefused,
            undo=announce(CancelFlight),
            within=timedelta(hours=1),
        ),
        Step(
            "book hotel",
            ask=announce(BookHotel),
            done_by=HotelBooked,
            refused_by=HotelRefused,
            undo=announce(CancelHotel),
            within=lambda: timedelta(hours=2),
        ),
    ],
    when_done=confirm_trips,
    when_refused=announce(TripRefused),
    when_late=announce(TripGivenUp),
    ends_with={TripConfirmed: DONE, TripRefused: REFUSED, TripGivenUp: CANCELLED},
)
