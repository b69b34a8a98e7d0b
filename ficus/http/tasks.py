"""What the clock makes every service do for its HTTP interface: each task is one call."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from ficus.http import idempotency

SCHEDULE = {"http.purge_kept_answers": timedelta(hours=1)}


@shared_task(name="http.purge_kept_answers")
def purge_kept_answers(**_unknown: object) -> None:
    idempotency.purge(at=timezone.now())
