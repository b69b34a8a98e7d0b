"""Deadlines are rows, and one process at a time ends what is due."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ficus.sagas import timers
from ficus.sagas.models import SagaInstance
from ficus.testing.events import appended
from ficus.testing.sagas import Scenario
from tests.ficus.events.conftest import is_sqlite
from tests.ficus.events.threads import in_threads
from tests.ficus.sagas.trip import TripGivenUp, TripPlanned, plan_trip

LATER = timezone.now() + timedelta(hours=2)


def begin(count):
    for _ in range(count):
        Scenario(plan_trip).given(TripPlanned(trip_id=uuid4()))


@pytest.mark.django_db(transaction=True)
class TestSeveralProcesses:
    def test_end_each_story_once(self):
        begin(8)

        ended = in_threads(3, lambda: timers.expire_due(at=LATER))
        ended.append(timers.expire_due(at=LATER))

        assert sum(ended) == 8
        assert len(appended(TripGivenUp)) == 8
        assert set(SagaInstance.objects.values_list("status", "trouble")) == {("late", "")}

    @pytest.mark.applies_when(lambda: not is_sqlite())  # SQLite has one writer at a time anyway
    def test_sweep_one_at_a_time(self):
        begin(2)
        held, seen = threading.Event(), threading.Event()

        def hold():
            with transaction.atomic():
                timers._try_lock()
                held.set()
                seen.wait(10)
            connection.close()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(10)
        meanwhile = timers.expire_due(at=LATER)
        seen.set()
        holder.join(10)

        assert meanwhile == 0
        assert timers.expire_due(at=LATER) == 2


@pytest.mark.django_db
class TestTrouble:
    def test_is_kept_with_the_story(self):
        begin(1)
        SagaInstance.objects.update(declaration=0)

        assert timers.expire_due(at=LATER) == 0

        stuck = SagaInstance.objects.get()
        assert stuck.trouble == "NoSuchDeclaration: version 0 of agency.plan_trip is not declared here any more"
        assert (stuck.status, stuck.deadline_at) == ("running", LATER + timers.POSTPONED_BY)
