"""What ``/metrics`` says about sagas: how many stories run, and whether one is late or in trouble."""

from collections.abc import Iterator

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from ficus.sagas import registry
from ficus.sagas.models import SagaInstance


def measure() -> Iterator[Metric]:
    """A saga of which none runs is there with zeros: an alert on it must not end because its line is gone."""
    running = SagaInstance.objects.filter(status=SagaInstance.Status.RUNNING)
    counted = running.values_list("saga").annotate(
        Count("pk"), troubled=Count("pk", filter=~Q(trouble="")), deadline_at=Min("deadline_at")
    )
    found = {saga: counts for saga, *counts in counted.order_by()}
    stories = GaugeMetricFamily("ficus_saga_running", "Stories that have not ended", labels=["saga"])
    trouble = GaugeMetricFamily(
        "ficus_saga_in_trouble", "Stories that could not be ended at their deadline", labels=["saga"]
    )
    late = GaugeMetricFamily(
        "ficus_saga_overdue_seconds", "Since when the story that is latest should have ended", labels=["saga"]
    )
    now = timezone.now()
    for saga in sorted({saga.name for saga in registry.declared()} | set(found)):
        count, troubled, deadline_at = found.get(saga, (0, 0, None))
        stories.add_metric([saga], count)
        trouble.add_metric([saga], troubled)
        late.add_metric([saga], max(0.0, (now - deadline_at).total_seconds()) if deadline_at else 0.0)
    yield from (stories, trouble, late)
