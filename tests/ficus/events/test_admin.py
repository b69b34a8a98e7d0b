"""Staff look at the log, and operators act on parked events."""

import pytest
from django.contrib.admin import AdminSite
from django.test import Client
from django.urls import path
from django.utils import timezone

from ficus.events import admin, inbox
from ficus.events.models import Archive, LogEntry, ParkedDecision, ParkedEvent
from tests.ficus.events.conftest import batch, shelved
from tests.ficus.events.depot import consumer
from tests.ficus.events.test_archives import archive, write
from tests.ficus.events.test_archives import kept_in as kept_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

site = AdminSite()
admin.register(site)
urlpatterns = [path("admin/", site.urls)]


class Member:
    """Somebody of the staff who may do what ``operates`` says."""

    is_active = is_staff = True
    operates = True
    pk = 1

    def has_perm(self, permission, obj=None):
        return permission.split(".")[1].startswith("view_") or self.operates

    def has_module_perms(self, app):
        return True

    def get_username(self):
        return "olga"


class AsMember:
    """Middleware: everybody is the member."""

    member = Member()

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.user = self.member
        return self.get_response(request)


@pytest.fixture
def member(settings, monkeypatch):
    settings.MIDDLEWARE = [f"{__name__}.AsMember", "django.contrib.messages.middleware.MessageMiddleware"]
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
    monkeypatch.setattr(AsMember, "member", Member())
    return AsMember.member


@pytest.fixture
def parked(depot, parcel):
    depot.refuses = {1}
    inbox.receive(consumer, batch([parcel(1), parcel(2)]), at=timezone.now())
    return ParkedEvent.objects.get()


def act(action, row, **fields):
    body = {"action": action, "_selected_action": [row.pk], **fields}
    return Client().post("/admin/ficus_events/parkedevent/", body)


class TestPages:
    def test_show_the_log_and_find_an_event_by_its_aggregate(self, member, parked):
        shelf = LogEntry.objects.get().aggregate_id

        everything = Client().get("/admin/ficus_events/logentry/")
        found = Client().get(f"/admin/ficus_events/logentry/?q={shelf}")
        nothing = Client().get(f"/admin/ficus_events/logentry/?q={parked.aggregate_id}")

        assert "depot.parcel_shelved" in everything.text
        assert str(shelf) in found.text
        assert "depot.parcel_shelved" not in nothing.text

    @pytest.mark.parametrize(
        "page",
        [
            "",
            "cursor/",
            "parkedevent/",
            "parkedevent/{}/change/",
            "parkedevent/{}/decide/",
            "parkedevent/?q=no+id",
            "parkeddecision/",
            "refusedmessage/",
            "archive/",
            "follower/",
            "logentry/?q=no+id",
        ],
    )
    def test_open(self, member, parked, page):
        assert Client().get(f"/admin/ficus_events/{page.format(parked.pk)}").status_code == 200

    def test_say_which_entries_are_archived_and_where(self, member, kept_in):
        [parcel] = write(9, parcels=1)
        archive(6, kept_in)
        kept = Archive.objects.get()

        everything = Client().get("/admin/ficus_events/logentry/")
        found = Client().get(f"/admin/ficus_events/logentry/?q={parcel}")
        files = Client().get("/admin/ficus_events/archive/")
        file = Client().get(f"/admin/ficus_events/archive/{kept.pk}/change/")

        assert 'Entries up to 6 are <a href="/admin/ficus_events/archive/">archived</a>.' in everything.text
        assert f"; those of {parcel} are in {kept.path}." in found.text
        assert kept.path in files.text
        assert kept.sha256 in file.text


class TestActions:
    def test_send_an_event_again(self, member, parked, depot):
        depot.refuses = set()

        act("send_again", parked)
        inbox.retry_parked(at=timezone.now())

        assert not ParkedEvent.objects.exists()

    def test_drop_an_event_with_a_reason(self, member, parked):
        act("drop", parked, reason="the parcel is lost")

        assert not ParkedEvent.objects.exists()

    def test_do_not_drop_without_a_reason(self, member, parked):
        act("drop", parked, reason=" ")

        assert ParkedEvent.objects.get() == parked

    @pytest.mark.parametrize("action", ["send_again", "drop"])
    def test_are_for_operators_alone(self, member, parked, action):
        member.operates = False

        act(action, parked, reason="because")

        untouched = ParkedEvent.objects.get()
        assert (untouched.attempts, untouched.retry_at) == (parked.attempts, parked.retry_at)


class TestParkedEvents:
    def test_are_grouped_by_error(self, member, depot, parcel):
        depot.refuses = {1, 2}
        events = [parcel(1), parcel(2), parcel(3, payload={})]
        inbox.receive(consumer, batch(events), at=timezone.now())

        page = Client().get("/admin/ficus_events/parkedevent/").text
        narrowed = (
            Client()
            .get("/admin/ficus_events/parkedevent/?error__exact=Trouble%3A+too+heavy%3A+N&type__exact=post.parcel_sent")
            .text
        )

        assert "error__exact=Trouble%3A+too+heavy%3A+N" in page
        assert "MalformedEvent: post.parcel_sent version 1" in page
        assert str(events[1].aggregate_id) in narrowed
        assert str(events[2].aggregate_id) not in narrowed

    def test_show_payload_trace_and_what_was_decided(self, member, parked):
        act("send_again", parked, reason="try once more")

        page = Client().get(f"/admin/ficus_events/parkedevent/{parked.pk}/change/").text

        assert "&quot;weight&quot;: 1" in page
        assert "Traceback (most recent call last)" in page
        assert "try once more" in page


class TestDecide:
    def decide(self, row, decision, **fields):
        return Client().post(f"/admin/ficus_events/parkedevent/{row.pk}/decide/", {"decision": decision, **fields})

    def test_sends_an_edited_event(self, member, parked):
        payload = f'{{"parcel_id": "{parked.aggregate_id}", "weight": 5}}'

        answer = self.decide(parked, "edit", payload=payload, schema_version=1, reason="weighed anew")

        assert answer.status_code == 302
        assert inbox.retry_parked(at=timezone.now()) == 1
        assert shelved() == [2, 5]
        told = ParkedDecision.objects.values_list("action", "by", "reason").get()
        assert told == ("edited and sent again", "olga (1)", "weighed anew")

    @pytest.mark.parametrize(
        ("payload", "reason", "complaint"),
        [
            ("{", "because", "This is no JSON"),
            ("{}", "because", "missing required field"),
            ('{"parcel_id": "b5b5b5b5-0000-4000-8000-000000000000", "weight": 5}', "because", "must stay about parcel"),
            ('{"weight": 5}', "", "Say why."),
            ("", "because", "This field is required."),
        ],
    )
    def test_shows_again_what_cannot_be_sent(self, member, parked, payload, reason, complaint):
        answer = self.decide(parked, "edit", payload=payload, schema_version=1, reason=reason)

        assert complaint in answer.text
        assert not ParkedDecision.objects.exists()
        assert ParkedEvent.objects.get().recorded == parked.recorded

    def test_sends_again_and_drops(self, member, parked):
        self.decide(parked, "send_again")
        self.decide(parked, "drop", reason="lost")

        assert list(ParkedDecision.objects.order_by("id").values_list("action", flat=True)) == ["sent again", "dropped"]
        assert not ParkedEvent.objects.exists()

    def test_does_nothing_that_it_does_not_know(self, member, parked):
        assert self.decide(parked, "explode").status_code == 200

        assert not ParkedDecision.objects.exists()

    def test_is_for_operators_alone(self, member, parked):
        member.operates = False

        answers = [self.decide(parked, decision, reason="because") for decision in ("send_again", "drop", "edit")]

        assert [answer.status_code for answer in answers] == [403, 403, 403]
        assert Client().get(f"/admin/ficus_events/parkedevent/{parked.pk}/decide/").status_code == 403
        assert "/decide/" not in Client().get(f"/admin/ficus_events/parkedevent/{parked.pk}/change/").text
        assert not ParkedDecision.objects.exists()

    def test_of_what_is_gone_is_not_found(self, member, parked):
        ParkedEvent.objects.all().delete()

        assert self.decide(parked, "drop", reason="lost").status_code == 404


class TestRecords:
    @pytest.mark.parametrize("model", ["parkeddecision", "refusedmessage", "parkedevent"])
    @pytest.mark.parametrize("page", ["add/", "{}/delete/"])
    def test_are_neither_made_nor_removed_by_hand(self, member, parked, model, page):
        act("send_again", parked)

        answer = Client().post(f"/admin/ficus_events/{model}/{page.format(parked.pk)}", {"post": "yes"})

        assert answer.status_code in (302, 403, 404)
        assert (ParkedEvent.objects.count(), ParkedDecision.objects.count()) == (1, 1)
