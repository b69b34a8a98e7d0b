"""``doctor`` says what is parked and what was refused."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from ficus.configuration import diagnosis as doctor
from ficus.configuration.diagnosis import Finding, State
from ficus.events import archive_file, inbox, options, refusals
from ficus.events.diagnosis import diagnose
from ficus.events.models import ParkedEvent
from tests.ficus.events.conftest import batch
from tests.ficus.events.depot import consumer
from tests.ficus.events.test_archives import archive, write
from tests.ficus.events.test_archives import kept_in as kept_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()


class TestDiagnose:
    def test_finds_nothing_parked_and_nothing_refused(self):
        assert list(diagnose()) == [
            Finding(State.OK, "parked events", "none"),
            Finding(State.OK, "refused", "no message"),
            Finding(State.OK, "pushed events", "reach their consumers, or there are none"),
        ]

    def test_warns_of_parked_events_and_of_those_that_are_stuck(self, depot, parcel):
        depot.refuses = {1, 2}
        inbox.receive(consumer, batch([parcel(1), parcel(2)]), at=NOW)
        ParkedEvent.objects.filter(position=1).update(retry_at=None)

        parked, *_ = diagnose()

        assert parked.state is State.WARN
        assert parked.detail == "2 parked, 1 of them not tried again by themselves; see parked list"

    def test_warns_of_refused_messages(self):
        for source in ("stranger", "stranger", "another"):
            refusals.count(consumer="depot", source=source, reason="the source is not configured", message="", at=NOW)

        _, refused, _ = diagnose()

        assert refused.state is State.WARN
        assert refused.detail.startswith(f"3 messages, the last at {NOW:%Y-%m-%d %H:%M:%S}")

    def test_says_where_archives_end_and_which_are_missing(self, kept_in):
        write(29)
        archive(25, kept_in)
        first, *_ = paths = sorted(kept_in.iterdir())
        [*_, before] = diagnose()

        first.unlink()
        (kept_in / archive_file.name_of(options.source(), 26, 28)).touch()
        [*_, missing, stray] = diagnose()

        assert before == Finding(State.OK, "event archives", f"{len(paths)} files, up to position 25")
        assert missing.state is State.WRONG
        assert missing.detail.startswith(f"{first} is missing (sha256 ")
        assert stray.state is State.WARN

    def test_warns_of_a_cursor_that_pull_alone_moves_for_long(self, parcel):
        inbox.receive(consumer, batch([parcel(1)]), at=NOW)
        inbox.receive(consumer, batch([parcel(2)]), at=NOW + timedelta(seconds=29))
        *_, early = diagnose()
        inbox.receive(consumer, batch([parcel(3)]), at=NOW + timedelta(seconds=31))
        *_, late = diagnose()
        inbox.receive(consumer, replace(batch([parcel(4)]), pushed=True), at=NOW + timedelta(seconds=32))
        *_, healed = diagnose()

        assert [each.state for each in (early, late, healed)] == [State.OK, State.WARN, State.OK]
        assert late.detail == "do not reach depot of post, which pulls; do worker and relay run?"

    def test_is_asked_by_doctor(self):
        assert Finding(State.OK, "refused", "no message") in list(doctor.installed_apps())
