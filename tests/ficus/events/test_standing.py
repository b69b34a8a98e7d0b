"""How far the log and its followers are, and what is parked or refused; semantics section 12."""

import pytest
from django.utils import timezone

from ficus.events import followers, inbox, refusals
from ficus.events.followers import Place
from ficus.events.models import ParkedEvent
from ficus.events.standing import measure
from tests.ficus.events.conftest import batch, write
from tests.ficus.events.depot import consumer

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def found(consumer: str) -> dict[str, float]:
    """Return what is found of the service as a whole and of that consumer."""
    return {
        sample.name: sample.value
        for metric in measure()
        for sample in metric.samples
        if sample.labels.get("consumer", consumer) == consumer
    }


class TestMeasure:
    def test_says_how_much_of_the_log_a_follower_elsewhere_has_before_it(self) -> None:
        before = found("reader")
        write(1, 2, 3)
        newest = before["ficus_events_log_position"] + 3
        followers.note([Place("reader", int(newest) - 2)], at=NOW)

        after = found("reader")

        assert (after["ficus_events_log_position"], after["ficus_events_backlog"]) == (newest, 2)
        assert after["ficus_events_unsequenced"] == 0

    def test_says_how_far_a_consumer_has_come_and_what_is_parked_there(self, depot, parcel) -> None:
        depot.refuses = {1, 2}
        inbox.receive(consumer, batch([parcel(1), parcel(2), parcel(3)]), at=NOW)
        ParkedEvent.objects.filter(position=1).update(retry_at=None)

        depots = found("depot")

        assert depots["ficus_events_applied_position"] == 3
        assert (depots["ficus_events_parked"], depots["ficus_events_parked_stuck"]) == (2, 1)

    def test_counts_what_was_refused(self) -> None:
        for source in ("stranger", "another"):
            refusals.count(consumer="depot", source=source, reason="it is unknown", message="", at=NOW)

        assert found("depot")["ficus_events_refused_messages_total"] == 2
