"""What the clock makes users do: each task is one call. Old and new workers overlap, so unknown arguments are borne."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from apps.users import services

HOURLY = timedelta(hours=1)
SCHEDULE = {"users.forget_expired_sign_ins": HOURLY}


@shared_task(name="users.forget_expired_sign_ins")
def forget_expired_sign_ins(**_: Any) -> None:
    services.forget_expired_sign_ins(at=timezone.now())
