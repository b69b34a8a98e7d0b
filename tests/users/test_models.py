from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.users.exceptions import IllegalMove, InvalidAmount
from apps.users.models import CreditAccount, CreditEntry, CreditHold, FailedSignIns, User
from ficus.events.announced import unannounced
from tests.users.conftest import NOW


class TestUser:
    def test_keeps_roles_in_order_of_rank_and_each_once(self):
        user = User(username="olga")

        user.assign_roles(["operator", "customer", "operator"])

        assert (user.roles, user.version) == (["customer", "operator"], 1)

    def test_refuses_a_role_that_does_not_exist(self):
        user = User(username="olga")

        with pytest.raises(ValueError, match="emperor"):
            user.assign_roles(["emperor"])

        assert (user.roles, user.version) == (["customer"], 0)

    def test_refuses_to_be_deactivated_twice(self):
        user = User(username="ada", is_active=False, version=2)

        with pytest.raises(IllegalMove):
            user.deactivate()

        assert user.version == 2

    @pytest.mark.parametrize(
        ("roles", "is_active", "is_staff"),
        [(["customer"], True, False), (["support"], True, True), (["admin"], True, True), (["admin"], False, False)],
    )
    def test_is_staff_from_support_on_while_active(self, roles, is_active, is_staff):
        assert User(roles=roles, is_active=is_active).is_staff is is_staff


class TestUniqueness:
    @pytest.mark.parametrize(
        "clash", [{"username": "ADA", "email": "other@example.com"}, {"username": "other", "email": "Ada@EXAMPLE.com"}]
    )
    def test_holds_without_regard_to_case(self, ada, clash):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(**clash, joined_at=NOW)

        assert User.objects.count() == 1


class TestCreditAccount:
    def test_has_available_what_is_neither_held_nor_captured(self):
        assert CreditAccount(granted=100, held=30, captured=20).available == 50

    @pytest.mark.parametrize("amount", [0, -1])
    def test_refuses_to_grant_nothing_or_less(self, amount):
        account = CreditAccount(granted=100)

        with pytest.raises(InvalidAmount):
            account.grant(amount)

        assert (account.granted, account.version) == (100, 0)

    @pytest.mark.parametrize(
        "amounts", [{"held": -1}, {"captured": -1}, {"granted": -1}, {"held": 60_000, "captured": 40_001}]
    )
    def test_is_kept_in_balance_by_the_database(self, ada, amounts):
        with pytest.raises(IntegrityError), transaction.atomic():
            CreditAccount.objects.filter(customer=ada).update(**amounts)

        assert CreditAccount.objects.get(customer=ada).available == 100_000


class TestCreditHold:
    @pytest.mark.parametrize("status", ["released", "captured", "refused"])
    def test_can_be_settled_only_while_it_holds(self, status):
        hold = CreditHold(order_id=uuid4(), status=status)

        with pytest.raises(IllegalMove):
            hold.capture(at=NOW)

        assert (hold.status, hold.settled_at) == (status, None)


class TestCreditEntry:
    def test_cannot_be_changed_once_written(self, ada):
        entry = CreditEntry.objects.get(account_id=ada.id)

        with pytest.raises(IntegrityError, match="only ever appended"), transaction.atomic():
            CreditEntry.objects.filter(pk=entry.pk).update(amount=1)

        assert CreditEntry.objects.get(pk=entry.pk).amount == 100_000

    def test_is_refused_twice_for_one_order_and_kind(self, ada):
        line = {"account_id": ada.id, "kind": "held", "amount": 1, "order_id": uuid4(), "recorded_at": NOW}
        with unannounced("the constraint is what is tested"):
            CreditEntry.objects.create(**line, version=2)

        with pytest.raises(IntegrityError), transaction.atomic():
            CreditEntry.objects.create(**line, version=3)

        assert CreditEntry.objects.filter(kind="held").count() == 1


class TestFailedSignIns:
    def test_lock_after_the_tenth_failure_for_fifteen_minutes(self):
        failures = FailedSignIns(failures=9, last_failed_at=NOW)

        failures.count(at=NOW + timedelta(minutes=1))

        assert failures.seconds_locked(NOW + timedelta(minutes=1)) == 900
        assert failures.seconds_locked(NOW + timedelta(minutes=16, seconds=-0.5)) == 1
        assert failures.seconds_locked(NOW + timedelta(minutes=16)) == 0

    def test_are_forgotten_after_a_pause(self):
        failures = FailedSignIns(failures=9, last_failed_at=NOW)

        failures.count(at=NOW + timedelta(minutes=15, seconds=1))

        assert (failures.failures, failures.seconds_locked(NOW + timedelta(minutes=15, seconds=1))) == (1, 0)
