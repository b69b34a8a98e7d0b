"""A story that old code began is finished by the new, and old code leaves the stories of new code alone."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from ficus.configuration.diagnosis import Finding, State
from ficus.events import log
from ficus.sagas import registry
from ficus.sagas.diagnosis import diagnose
from ficus.sagas.models import SagaInstance
from ficus.sagas.registry import NewerDeclaration, NoSuchDeclaration
from ficus.sagas.saga import CANCELLED, DONE, LATE, RUNNING, Saga, Step
from ficus.testing.events import appended
from ficus.testing.sagas import Scenario
from tests.ficus.sagas.trip import announce, declared

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

TourPlanned = declared("tour_planned", "trip")
TourConfirmed = declared("tour_confirmed", "trip")
TourGivenUp = declared("tour_given_up", "trip")
GuideHired = declared("guide_hired", "guide")
DismissGuide = declared("cancel_guide", "guide_dismissal")
BookBus = declared("book_bus", "bus_booking")
BusBooked = declared("bus_booked", "bus")
hire_guide = {"done_by": GuideHired, "undo": announce(DismissGuide)}
ends = {
    "key": "trip_id",
    "begins_with": TourPlanned,
    "when_done": announce(TourConfirmed),
    "when_refused": announce(TourGivenUp),
    "when_late": announce(TourGivenUp),
    "ends_with": {TourConfirmed: DONE, TourGivenUp: CANCELLED},
}
plan_tour_1 = Saga("agency.plan_tour", **ends, steps=[Step("hire guide", **hire_guide, within=timedelta(hours=1))])
plan_tour = Saga(
    "agency.plan_tour",
    version=2,
    **ends,
    steps=[
        Step("find a guide", **hire_guide, within=timedelta(hours=3)),
        Step("book bus", ask=announce(BookBus), done_by=BusBooked, within=timedelta(hours=3)),
    ],
)


@pytest.fixture
def tour():
    return uuid4()


@pytest.fixture
def begun_by_old_code(tour):
    return Scenario(plan_tour, at=BEGIN, version=1).given(TourPlanned(trip_id=tour)).after_deployment_of(2)


@pytest.fixture
def begun_by_new_code(tour):
    return Scenario(plan_tour, at=BEGIN).given(TourPlanned(trip_id=tour)).after_deployment_of(1)


class TestNewCode:
    def test_begins_stories_by_the_newest_version(self, tour):
        Scenario(plan_tour).when(TourPlanned(trip_id=tour)).then(status=RUNNING, awaits="find a guide")

        assert list(SagaInstance.objects.values_list("declaration", flat=True)) == [2]

    def test_finishes_a_story_of_old_code_as_it_was_declared(self, tour, begun_by_old_code):
        begun_by_old_code.when(GuideHired(trip_id=tour)).then(TourConfirmed(trip_id=tour), status=DONE)

    def test_ends_a_story_of_old_code_at_its_old_deadline(self, tour, begun_by_old_code):
        begun_by_old_code.when_nothing_comes_for(timedelta(hours=1)).then(TourGivenUp(trip_id=tour), status=LATE)

    def test_takes_back_a_late_answer_to_old_code(self, tour, begun_by_old_code):
        (
            begun_by_old_code.when_nothing_comes_for(timedelta(hours=1))
            .when(GuideHired(trip_id=tour))
            .then(DismissGuide(trip_id=tour), status=LATE)
        )

    def test_ends_a_story_of_old_code_from_outside(self, tour, begun_by_old_code):
        begun_by_old_code.when(TourGivenUp(trip_id=tour)).then(status=CANCELLED)

    def test_ends_stories_of_both_at_once(self, tour, begun_by_old_code):
        other = uuid4()
        Scenario(plan_tour).given(TourPlanned(trip_id=other), GuideHired(trip_id=other))

        with transaction.atomic():
            log.append_many([(TourGivenUp(trip_id=tour), 2), (TourGivenUp(trip_id=other), 2)])

        assert set(SagaInstance.objects.values_list("status", flat=True)) == {"cancelled"}
        assert appended(DismissGuide) == [DismissGuide(trip_id=other)]
        assert SagaInstance.objects.get(key=other).timeline[-1]["took_back"] == ["find a guide"]

    def test_says_when_a_declaration_was_removed_too_early(self, tour, begun_by_old_code, monkeypatch):
        monkeypatch.setitem(registry._sagas, "agency.plan_tour", {2: plan_tour})

        with pytest.raises(NoSuchDeclaration, match=r"version 1 of agency\.plan_tour"):
            begun_by_old_code.when(GuideHired(trip_id=tour))

        assert next(iter(diagnose())) == Finding(
            State.WRONG, "sagas", "1 stories of agency.plan_tour run by version 1, which is not declared here"
        )


class TestOldCode:
    def test_leaves_an_answer_to_the_new(self, tour, begun_by_new_code):
        with pytest.raises(NewerDeclaration):
            begun_by_new_code.when(GuideHired(trip_id=tour))

        begun_by_new_code.after_deployment_of(2).when(GuideHired(trip_id=tour)).then(
            BookBus(trip_id=tour), status=RUNNING, awaits="book bus"
        )

    def test_leaves_a_deadline_to_the_new(self, tour, begun_by_new_code):
        begun_by_new_code.when_nothing_comes_for(timedelta(hours=4)).then(status=RUNNING)
        assert SagaInstance.objects.get().deadline_at == BEGIN + timedelta(hours=3)

        begun_by_new_code.after_deployment_of(2).when_nothing_comes_for(timedelta(0)).then(
            TourGivenUp(trip_id=tour), status=LATE
        )

    def test_does_not_end_a_story_of_the_new_from_outside(self, tour, begun_by_new_code):
        with pytest.raises(NewerDeclaration):
            begun_by_new_code.when(TourGivenUp(trip_id=tour))

        assert appended(TourGivenUp) == []
        assert SagaInstance.objects.get().status == "running"


class TestDeclarations:
    def test_are_of_one_version_each(self):
        with pytest.raises(ValueError, match="version 2 is declared twice"):
            Saga("agency.plan_tour", version=2, **ends, steps=[])

    def test_still_needed_are_named_by_doctor(self, begun_by_old_code):
        assert list(diagnose()) == [
            Finding(State.OK, "sagas", "1 stories of agency.plan_tour still run by version 1; keep it"),
            Finding(State.OK, "sagas", "1 running"),
        ]
