"""What came of mirroring, of all workers together."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gateway.control.models import MirrorCount, MirrorDifference
from gateway.data.mirroring.mirrors import Difference, Outcome

KEPT_DIFFERENCES = 500


@transaction.atomic
def keep(counts: Mapping[tuple[str, str, Outcome], int], differences: Iterable[Difference]) -> None:
    """Add what a worker has counted, and keep the newest differences."""
    now = timezone.now()
    for (route, service, outcome), requests in sorted(counts.items()):
        row, _ = MirrorCount.objects.get_or_create(
            route=route, service=service, outcome=outcome.value, defaults={"last_at": now}
        )
        MirrorCount.objects.filter(pk=row.pk).update(requests=F("requests") + requests, last_at=now)
    MirrorDifference.objects.bulk_create(
        MirrorDifference(
            route=each.route,
            service=each.service,
            method=each.method,
            path=each.path,
            found=list(each.found),
            at=each.at,
        )
        for each in differences
    )
    newest = MirrorDifference.objects.order_by("-pk").values_list("pk", flat=True)
    for oldest_kept in newest[KEPT_DIFFERENCES - 1 : KEPT_DIFFERENCES]:
        MirrorDifference.objects.filter(pk__lt=oldest_kept).delete()
