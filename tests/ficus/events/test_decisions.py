"""People decide about parked events, and it is written down who did what, when and why."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from ficus.events import decisions, inbox, parking
from ficus.events.decisions import NoLongerParked, NotAsDeclared, ReasonMissing
from ficus.events.models import ParkedDecision, ParkedEvent
from tests.ficus.events.conftest import batch, shelved
from tests.ficus.events.depot import ParcelSentOtherwise, consumer

pytestmark = pytest.mark.django_db
NOW = timezone.now()
BY_OLGA = {"by": "olga", "at": NOW}


def receive(*events):
    inbox.receive(consumer, batch(events), at=NOW)


def parked(position=1):
    return ParkedEvent.objects.get(position=position)


def positions():
    return list(ParkedEvent.objects.order_by("position").values_list("position", flat=True))


def decided():
    return list(ParkedDecision.objects.order_by("id").values_list("action", "by", "reason", "at"))


@pytest.fixture
def heavy(depot, parcel):
    """Three events of one parcel, of which the first fails."""
    depot.refuses = {1}
    id = uuid4()
    receive(parcel(1, parcel_id=id), parcel(2, parcel_id=id), parcel(3, parcel_id=id))
    return id


class TestSendAgain:
    def test_gives_the_event_a_new_budget_and_tries_it_now(self, depot, heavy):
        ParkedEvent.objects.filter(position=1).update(attempts=parking.BUDGET, retry_at=None)
        depot.refuses = set()

        decisions.send_again(parked(), **BY_OLGA, reason="the scales are repaired")

        assert inbox.retry_parked(at=NOW) == 3
        assert (shelved(), positions()) == ([1, 2, 3], [])
        assert decided() == [("sent again", "olga", "the scales are repaired", NOW)]

    def test_of_one_that_waits_tries_the_one_it_waits_for(self, depot, heavy):
        depot.refuses = set()

        decisions.send_again(parked(3), **BY_OLGA)

        assert inbox.retry_parked(at=NOW) == 3
        assert shelved() == [1, 2, 3]

    def test_that_fails_again_pauses_again(self, heavy):
        decisions.send_again(parked(3), **BY_OLGA)

        assert inbox.retry_parked(at=NOW) == 0

        assert parked().retry_at == NOW + timedelta(seconds=1)
        assert ParkedEvent.objects.filter(retry_at__isnull=False).count() == 1

    def test_refuses_what_is_no_longer_parked(self, heavy):
        gone = parked()
        ParkedEvent.objects.all().delete()

        with pytest.raises(NoLongerParked):
            decisions.send_again(gone, **BY_OLGA)

        assert decided() == []


class TestDrop:
    def test_lets_those_behind_it_go_and_keeps_what_it_said(self, heavy):
        decisions.drop(parked(), **BY_OLGA, reason="lost in the post")

        assert inbox.retry_parked(at=NOW) == 2
        assert (shelved(), positions()) == ([2, 3], [])
        assert decided() == [("dropped", "olga", "lost in the post", NOW)]
        kept = ParkedDecision.objects.get()
        assert kept.recorded["payload"] == {"parcel_id": str(heavy), "weight": 1}
        assert (kept.error, kept.attempts) == ("Trouble: too heavy: 1", 1)

    def test_of_one_that_waits_leaves_the_schedule_alone(self, heavy):
        before = parked().retry_at

        decisions.drop(parked(2), **BY_OLGA, reason="sent twice")

        assert (parked().retry_at, positions()) == (before, [1, 3])

    def test_needs_a_reason(self, heavy):
        with pytest.raises(ReasonMissing):
            decisions.drop(parked(), **BY_OLGA, reason=" ")

        assert (positions(), decided()) == ([1, 2, 3], [])

    def test_happens_once(self, heavy):
        twice = parked()
        decisions.drop(twice, **BY_OLGA, reason="lost")

        with pytest.raises(NoLongerParked):
            decisions.drop(twice, **BY_OLGA, reason="lost")

        assert len(decided()) == 1


class TestEdit:
    def edit(self, id, weight=10, reason="weighed anew", **more):
        payload = {"parcel_id": str(id), "weight": weight}
        decisions.edit_and_send_again(parked(), payload=payload, reason=reason, **BY_OLGA, **more)

    def test_applies_the_edited_event_and_then_those_behind_it(self, heavy):
        self.edit(heavy)

        assert inbox.retry_parked(at=NOW) == 3
        assert shelved() == [10, 2, 3]

    def test_keeps_both_payloads(self, heavy):
        self.edit(heavy)

        kept = ParkedDecision.objects.get()
        assert kept.recorded["payload"]["weight"] == 1
        assert kept.edited == {"payload": {"parcel_id": str(heavy), "weight": 10}, "schema_version": 1}
        assert decided() == [("edited and sent again", "olga", "weighed anew", NOW)]

    def test_can_put_an_unknown_version_into_a_known_one(self, depot, parcel):
        id = uuid4()
        receive(parcel(1, parcel_id=id, schema_version=ParcelSentOtherwise.VERSION))

        self.edit(id, schema_version=1)

        assert inbox.retry_parked(at=NOW) == 1
        assert shelved() == [10]

    @pytest.mark.parametrize("weight", ["heavy", None, 1.5])
    def test_refuses_what_is_not_as_declared(self, heavy, weight):
        with pytest.raises(NotAsDeclared, match=r"weight"):
            self.edit(heavy, weight=weight)

        assert parked().recorded["payload"]["weight"] == 1
        assert decided() == []

    def test_refuses_to_make_it_about_something_else(self, heavy):
        with pytest.raises(NotAsDeclared, match=f"must stay about parcel {heavy}"):
            self.edit(uuid4())

        assert decided() == []

    @pytest.mark.parametrize("payload", [[], "text", None])
    def test_refuses_what_is_no_object(self, heavy, payload):
        with pytest.raises(NotAsDeclared):
            decisions.edit_and_send_again(parked(), payload=payload, reason="why not", **BY_OLGA)

        assert parked().recorded["payload"]["weight"] == 1

    def test_needs_a_reason(self, heavy):
        with pytest.raises(ReasonMissing):
            self.edit(heavy, reason="")

        assert parked().recorded["payload"]["weight"] == 1


class TestErrors:
    @pytest.mark.parametrize(
        ("reason", "error"),
        [
            ("Trouble: too heavy: 12", "Trouble: too heavy: N"),
            ("NotFound: no order 0193e5b0-3f9c-7c30-8e5e-0123456789ab", "NotFound: no order ID"),
            ("UnknownEvent: depot does not handle a.b version 3", "UnknownEvent: depot does not handle a.b version 3"),
            ("Refused: 12.50 EUR is over 1,000 EUR", "Refused: N EUR is over N EUR"),
        ],
    )
    def test_are_of_one_kind_whatever_ids_and_numbers_they_name(self, reason, error):
        assert parking.error_of(reason) == error

    def test_are_kept_with_the_event(self, heavy):
        assert list(ParkedEvent.objects.order_by("position").values_list("error", flat=True)) == [
            "Trouble: too heavy: N",
            "",
            "",
        ]
