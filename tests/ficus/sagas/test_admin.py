"""Staff read stories, and operators retry or abort them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.admin import AdminSite
from django.test import Client
from django.urls import path

from ficus.events import admin as events_admin
from ficus.sagas import admin
from ficus.sagas.models import SagaInstance
from ficus.testing.events import appended
from ficus.testing.sagas import Scenario
from tests.ficus.events.test_admin import AsMember, Member
from tests.ficus.sagas.trip import BookHotel, CancelFlight, FlightBooked, TripGivenUp, TripPlanned, plan_trip

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

site = AdminSite()
admin.register(site)
events_admin.register(site)
urlpatterns = [path("admin/", site.urls)]
PAGES = "/admin/ficus_sagas/sagainstance/"


@pytest.fixture
def member(settings, monkeypatch):
    settings.MIDDLEWARE = [
        "tests.ficus.events.test_admin.AsMember",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
    monkeypatch.setattr(AsMember, "member", Member())
    return AsMember.member


@pytest.fixture
def story():
    trip = uuid4()
    Scenario(plan_trip).given(TripPlanned(trip_id=trip), FlightBooked(trip_id=trip))
    return SagaInstance.objects.get(key=trip)


def act(action, row, **fields):
    return Client().post(PAGES, {"action": action, "_selected_action": [row.pk], **fields})


def decide(row, decision, **fields):
    return Client().post(f"{PAGES}{row.pk}/decide/", {"decision": decision, **fields}, follow=True)


class TestPages:
    def test_tell_the_story(self, member, story):
        act("retry", story, reason="the hotel was closed")
        act("abort", story, reason="she stays at home")

        page = Client().get(f"{PAGES}{story.pk}/change/").text

        told = [
            "began: asked to book flight",
            "flight.flight_booked: book flight done, asked to book hotel",
            "asked again to book hotel",
            "the hotel was closed",
            "<td>aborted</td>",
            "she stays at home",
        ]
        assert [page.index(each) for each in told] == sorted(page.index(each) for each in told)
        assert "olga (1)" in page

    def test_are_found_by_what_they_are_about(self, member, story):
        assert str(story.key) in Client().get(f"{PAGES}?q={story.key}").text
        assert f"{PAGES}{story.pk}/change/" not in Client().get(f"{PAGES}?q={uuid4()}").text


class TestRetry:
    @pytest.mark.parametrize("way", [act, lambda action, row, **fields: decide(row, action, **fields)])
    def test_asks_again(self, member, story, way):
        way("retry", story)

        assert len(appended(BookHotel)) == 2
        assert SagaInstance.objects.get().attempts == 2

    def test_of_a_story_that_has_ended_says_so(self, member, story):
        decide(story, "abort", reason="no longer wanted")

        page = decide(story, "retry").text

        assert "The story has ended already: aborted." in page
        assert len(appended(BookHotel)) == 1


class TestAbort:
    @pytest.mark.parametrize("way", [act, lambda action, row, **fields: decide(row, action, **fields)])
    def test_takes_back_what_was_done(self, member, story, way):
        way("abort", story, reason="no longer wanted")

        assert appended(CancelFlight) == [CancelFlight(trip_id=story.key)]
        assert appended(TripGivenUp) == [TripGivenUp(trip_id=story.key)]
        assert SagaInstance.objects.get().status == "aborted"

    def test_needs_a_reason(self, member, story):
        assert "Say why." in decide(story, "abort", reason=" ").text

        assert SagaInstance.objects.get().status == "running"


class TestDecisions:
    @pytest.mark.parametrize("decision", ["retry", "abort"])
    def test_are_for_operators_alone(self, member, story, decision):
        member.operates = False

        act(decision, story, reason="because")

        assert decide(story, decision, reason="because").status_code == 403
        assert "/decide/" not in Client().get(f"{PAGES}{story.pk}/change/").text
        untouched = SagaInstance.objects.get()
        assert (untouched.status, untouched.attempts, untouched.version) == ("running", 1, story.version)

    def test_of_what_is_not_there_are_not_found(self, member, story):
        story.pk += 1

        assert decide(story, "retry").status_code == 404

    def test_are_not_made_by_looking(self, member, story):
        assert Client().get(f"{PAGES}{story.pk}/decide/?decision=retry").status_code == 302

        assert SagaInstance.objects.get().deadline_at - story.deadline_at < timedelta(seconds=1)
        assert SagaInstance.objects.get().attempts == 1
