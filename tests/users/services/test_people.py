import pytest

from apps.users import services
from apps.users.exceptions import EmailTaken, IllegalMove, UsernameTaken, UserNotFound
from apps.users.models import CreditAccount, CreditEntry, User
from contracts.users import events
from ficus.events import log
from ficus.events.models import LogEntry
from tests.users.conftest import NOW

pytestmark = pytest.mark.django_db


def announced(user, aggregate="user"):
    return [(entry.aggregate_version, entry.event()) for entry in log.history(aggregate, user.id)]


class TestRegisterUser:
    def test_keeps_the_person_and_announces_it(self, register):
        user = register("Ada", email="Ada@example.com")

        stored = User.objects.get()
        assert (stored.username, stored.email, stored.roles) == ("Ada", "Ada@example.com", ["customer"])
        assert (stored.is_active, stored.joined_at, stored.version) == (True, NOW, 1)
        registered = events.UserRegistered(user_id=user.id, username="Ada", email="Ada@example.com", roles=["customer"])
        assert announced(user) == [(1, registered)]

    def test_grants_the_credit_that_everybody_starts_with(self, register):
        user = register("ada")

        account = CreditAccount.objects.get(customer=user)
        entry = CreditEntry.objects.get()
        assert (account.currency, account.granted, account.held, account.captured) == ("EUR", 100_000, 0, 0)
        assert (entry.kind, entry.amount, entry.reason, entry.version) == ("granted", 100_000, "joined", 1)
        granted = events.CreditGranted(customer_id=user.id, amount=100_000, currency="EUR", reason="joined")
        assert announced(user, "credit") == [(1, granted)]

    def test_opens_an_empty_account_where_nothing_is_granted(self, register, settings):
        settings.CREDIT_GRANT_ON_JOINING = 0

        user = register("ada")

        assert CreditAccount.objects.get(customer=user).granted == 0
        assert (CreditEntry.objects.count(), announced(user, "credit")) == (0, [])

    @pytest.mark.parametrize(
        ("second", "refusal"),
        [
            ({"username": "ADA", "email": "other@example.com"}, UsernameTaken),
            ({"username": "other", "email": "ADA@EXAMPLE.COM"}, EmailTaken),
            ({"username": "ada", "email": "ada@example.com"}, UsernameTaken),
        ],
    )
    def test_refuses_what_somebody_has_and_announces_nothing(self, ada, register, second, refusal):
        before = LogEntry.objects.count()

        with pytest.raises(refusal):
            register(**second)

        assert (User.objects.count(), LogEntry.objects.count()) == (1, before)


class TestChangeProfile:
    def test_takes_over_what_is_given_and_announces_the_whole(self, ada):
        services.change_profile(user_id=ada.id, email="countess@example.com", first_name="Augusta Ada")

        stored = User.objects.get()
        assert (stored.email, stored.first_name, stored.last_name, stored.version) == (
            "countess@example.com",
            "Augusta Ada",
            "Lovelace",
            2,
        )
        changed = events.UserProfileChanged(
            user_id=ada.id,
            username="ada",
            email="countess@example.com",
            first_name="Augusta Ada",
            last_name="Lovelace",
        )
        assert announced(ada)[1:] == [(2, changed)]

    def test_announces_nothing_when_nothing_is_different(self, ada):
        services.change_profile(user_id=ada.id, first_name="Ada")

        assert (User.objects.get().version, len(announced(ada))) == (1, 1)

    def test_lets_a_person_change_the_case_of_the_own_address(self, ada):
        services.change_profile(user_id=ada.id, email="ADA@example.com")

        assert User.objects.get().email == "ADA@example.com"

    def test_refuses_another_s_address(self, ada, register):
        sam = register("sam")

        with pytest.raises(EmailTaken):
            services.change_profile(user_id=sam.id, email="Ada@example.com", first_name="Samuel")

        sam.refresh_from_db()
        assert (sam.email, sam.first_name, len(announced(sam))) == ("sam@example.com", "", 1)


class TestChangeRoles:
    def test_replaces_all_roles_and_announces_them(self, ada):
        services.change_roles(user_id=ada.id, roles=["operator", "support"], reason="promoted")

        assert User.objects.get().roles == ["support", "operator"]
        changed = events.UserRolesChanged(user_id=ada.id, roles=["support", "operator"], reason="promoted")
        assert announced(ada)[1:] == [(2, changed)]


class TestDeactivation:
    def test_is_announced_with_its_reason_and_can_be_undone(self, ada):
        services.deactivate_user(user_id=ada.id, reason="left")
        services.reactivate_user(user_id=ada.id, reason="came back")

        assert (User.objects.get().is_active, User.objects.get().version) == (True, 3)
        assert announced(ada)[1:] == [
            (2, events.UserDeactivated(user_id=ada.id, reason="left")),
            (3, events.UserReactivated(user_id=ada.id, reason="came back")),
        ]

    def test_is_refused_a_second_time(self, ada):
        services.deactivate_user(user_id=ada.id, reason="left")

        with pytest.raises(IllegalMove):
            services.deactivate_user(user_id=ada.id, reason="left again")

        assert len(announced(ada)) == 2

    def test_is_refused_for_whom_nobody_knows(self):
        with pytest.raises(UserNotFound):
            services.deactivate_user(user_id=User().id, reason="left")

        assert LogEntry.objects.count() == 0
