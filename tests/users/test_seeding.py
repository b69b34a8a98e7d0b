from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command

from apps.users.management.commands import audit as audit_command
from apps.users.management.commands import seed as seed_command
from apps.users.models import CreditAccount, CreditEntry, CreditHold, User
from apps.users.seeding.plan import plan_customers
from contracts.users import events
from ficus.events import log
from ficus.events.announced import unannounced
from ficus.events.models import LogEntry
from tests.users.conftest import NOW

pytestmark = pytest.mark.django_db


def run(command, **options):
    said = StringIO()
    call_command(command, stdout=said, **options)
    return said.getvalue().splitlines()


@pytest.fixture
def seed():
    """The users service's own command, in either shape."""
    return seed_command.Command()


@pytest.fixture
def audit():
    return audit_command.Command()


class TestPlan:
    def test_is_the_same_for_the_same_seed_and_begins_alike(self):
        short, long = list(plan_customers(customers=3, seed=7)), list(plan_customers(customers=50, seed=7))

        assert long[:3] == short
        assert len({customer.id for customer in long}) == len({customer.email for customer in long}) == 50
        assert all(customer.id.version == 7 and customer.username.isascii() for customer in long)

    def test_is_another_for_another_seed(self):
        one, other = (
            {(customer.id, customer.username) for customer in plan_customers(customers=50, seed=seed)}
            for seed in (1, 2)
        )

        assert one.isdisjoint(other)


class TestSeed:
    def test_makes_customers_as_real_as_those_who_registered(self, seed, audit, settings):
        run(seed, customers=3)

        (planned, *_) = plan_customers(customers=3, seed=1)
        user = User.objects.get(pk=planned.id)
        assert (user.username, user.roles, user.joined_at, user.version) == (
            planned.username,
            ["customer"],
            planned.joined_at,
            1,
        )
        assert [(entry.event(), entry.recorded_at) for entry in log.history("user", user.id)] == [
            (
                events.UserRegistered(user_id=user.id, username=user.username, email=user.email, roles=["customer"]),
                planned.joined_at,
            )
        ]
        assert [entry.event() for entry in log.history("credit", user.id)] == [
            events.CreditGranted(customer_id=user.id, amount=100_000, currency="EUR", reason="joined")
        ]
        assert (CreditAccount.objects.get(pk=user.id).available, CreditEntry.objects.count()) == (100_000, 7)
        assert check_password(settings.DEMO_PASSWORD, user.password)
        assert run(audit) == ["users: 8 invariants hold"]

    def test_says_the_demo_password_and_makes_the_demo_people(self, seed, settings):
        said = run(seed)

        assert said == ["0 of 0 customers added", f"demo password: {settings.DEMO_PASSWORD}"]
        assert list(User.objects.order_by("id").values_list("username", "roles")) == [
            ("ada", ["customer"]),
            ("sam", ["support"]),
            ("olga", ["operator"]),
            ("root", ["admin"]),
        ]

    def test_adds_only_who_is_missing(self, seed):
        run(seed, customers=2)
        before = LogEntry.objects.count()

        again, more = run(seed, customers=2), run(seed, customers=5)

        assert (again[0], more[0]) == ("0 of 2 customers added", "3 of 5 customers added")
        assert LogEntry.objects.count() == before + 6

    def test_leaves_a_name_to_whoever_has_it(self, seed, register):
        (planned,) = plan_customers(customers=1, seed=1)
        register(planned.username.upper(), email="somebody@example.org")

        assert run(seed, customers=1)[0] == "0 of 1 customers added"

    def test_makes_nobody_who_could_sign_in_where_there_is_no_demo_password(self, seed, settings):
        del settings.DEMO_PASSWORD

        said = run(seed, customers=1)

        assert said == ["1 of 1 customers added"]
        assert [user.has_usable_password() for user in User.objects.all()] == [False]


class TestAudit:
    def hold(self, user, **changes):
        given = {"order_id": uuid4(), "account_id": user.id, "amount": 1, "currency": "EUR", "status": "held"}
        return CreditHold.objects.create(**{**given, "decided_at": NOW, **changes})

    def test_finds_nothing_where_nothing_is_wrong(self, audit, ada):
        assert run(audit) == ["users: 8 invariants hold"]

    def test_prints_what_is_wrong_by_id_and_fails(self, audit, ada, register):
        sam = register("sam")
        with unannounced("the audit has to find it"):
            CreditAccount.objects.filter(customer=ada).update(granted=100_001)
            User.objects.filter(pk=sam.id).update(version=7)
            hold = self.hold(sam)
        said = StringIO()

        with pytest.raises(CommandError, match="users: 4 wrong") as failure:
            call_command(audit, stdout=said)

        assert failure.value.returncode == 1
        assert said.getvalue().splitlines() == [
            f"credit account differs from its holds: {sam.id}",
            f"credit account differs from its ledger: {ada.id}",
            f"hold of an order differs from the ledger: {hold.order_id}",
            f"person whose version is not that of the log: {sam.id}",
        ]

    def test_finds_a_line_without_a_hold_and_a_person_without_an_account(self, audit, ada):
        with unannounced("the audit has to find it"):
            line = CreditEntry.objects.create(
                account_id=ada.id, version=9, kind="held", amount=0, order_id=uuid4(), recorded_at=NOW
            )
            eve = User.objects.create(username="eve", email="eve@example.com", joined_at=NOW)
        said = StringIO()

        with pytest.raises(CommandError):
            call_command(audit, stdout=said)

        assert said.getvalue().splitlines() == [
            f"line of the ledger without a hold: {line.id}",
            f"person without a credit account: {eve.id}",
        ]
