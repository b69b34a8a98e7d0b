from datetime import timedelta

import pytest
from django.utils import timezone

from apps.users import tasks
from apps.users.models import FailedSignIns

pytestmark = pytest.mark.django_db


class TestForgetExpiredSignIns:
    def test_deletes_what_is_over_and_bears_arguments_of_newer_workers(self):
        now = timezone.now()
        for account, minutes in (("ada", 1), ("sam", 20)):
            last = now - timedelta(minutes=minutes)
            FailedSignIns.objects.create(account=account, address="192.0.2.7", failures=3, last_failed_at=last)

        tasks.forget_expired_sign_ins(added_later="x")

        assert list(FailedSignIns.objects.values_list("account", flat=True)) == ["ada"]

    def test_is_on_the_clock_under_its_name_on_the_wire(self):
        assert {tasks.forget_expired_sign_ins.name: timedelta(hours=1)} == tasks.SCHEDULE
