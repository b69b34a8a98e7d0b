"""Proves the command that takes in the first member of staff."""

import pytest
from django.core.management import CommandError, call_command

from apps.users.models import CreditAccount, User
from ficus.events.models import LogEntry

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


def create(monkeypatch, password=PASSWORD, **options):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    call_command(
        "createsuperuser", "--noinput", **{"username": "grace", "email": "grace@example.com", **options}, verbosity=0
    )


class TestCreateSuperuser:
    def test_takes_in_an_admin_who_can_sign_in(self, monkeypatch, capsys):
        create(monkeypatch)

        user = User.objects.get()
        assert (user.username, user.roles) == ("grace", ["customer", "admin"])
        assert user.check_password(PASSWORD)
        assert LogEntry.objects.filter(type="users.user_registered").count() == 1
        assert PASSWORD not in capsys.readouterr().out

    def test_gives_the_role_that_is_asked_for(self, monkeypatch):
        create(monkeypatch, role="operator")

        assert User.objects.get().roles == ["customer", "operator"]

    @pytest.mark.parametrize(
        ("mistake", "named"),
        [({"password": "short"}, "password:"), ({"email": "grace"}, "email:"), ({"username": "g r"}, "username:")],
    )
    def test_refuses_what_a_person_may_not_have_and_takes_nobody_in(self, monkeypatch, mistake, named):
        with pytest.raises(CommandError, match=named) as refusal:
            create(monkeypatch, **mistake)

        assert refusal.value.returncode == 2
        assert (User.objects.count(), CreditAccount.objects.count()) == (0, 0)

    def test_refuses_a_name_that_is_taken(self, monkeypatch):
        create(monkeypatch)

        with pytest.raises(CommandError, match="taken"):
            create(monkeypatch, username="GRACE", email="other@example.com")

        assert User.objects.count() == 1
