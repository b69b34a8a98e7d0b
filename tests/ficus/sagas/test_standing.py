"""How many stories run, and how late the latest is; semantics section 12."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from ficus.sagas.models import SagaInstance
from ficus.sagas.standing import measure
from ficus.testing.sagas import Scenario
from tests.ficus.sagas.trip import TripPlanned, plan_trip

pytestmark = pytest.mark.django_db


def found() -> dict[str, float]:
    return {
        sample.name: sample.value
        for metric in measure()
        for sample in metric.samples
        if sample.labels == {"saga": plan_trip.name}
    }


class TestMeasure:
    def test_has_zeros_for_a_saga_of_which_none_runs(self) -> None:
        assert found() == {"ficus_saga_running": 0, "ficus_saga_in_trouble": 0, "ficus_saga_overdue_seconds": 0}

    def test_counts_what_runs_and_is_in_trouble_and_says_how_late_it_is(self) -> None:
        for _ in range(3):
            Scenario(plan_trip).given(TripPlanned(trip_id=uuid4()))
        late, ended, _ = SagaInstance.objects.all()
        SagaInstance.objects.filter(pk=late.pk).update(
            trouble="it breaks off", deadline_at=timezone.now() - timedelta(hours=1)
        )
        SagaInstance.objects.filter(pk=ended.pk).update(
            status=SagaInstance.Status.LATE, ended_at=timezone.now(), deadline_at=timezone.now() - timedelta(hours=9)
        )

        counts = found()

        assert (counts["ficus_saga_running"], counts["ficus_saga_in_trouble"]) == (2, 1)
        assert 3600 <= counts["ficus_saga_overdue_seconds"] < 4000
