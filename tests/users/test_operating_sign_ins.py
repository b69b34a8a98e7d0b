"""What an operator does about sign-ins: who is locked out, who is let in again, and who is signed out."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.users import services
from apps.users.exceptions import SessionEnded, TooManyAttempts, WrongCredentials
from apps.users.models import FailedSignIns, User
from apps.users.models.sign_in import FAILURES_ALLOWED
from ficus.events.models import LogEntry
from tests.users.conftest import PASSWORD, as_user

pytestmark = pytest.mark.django_db
STRANGER, HOME = "203.0.113.9", "192.0.2.7"


def sign_in(username: str = "ada", password: str = PASSWORD, *, address: str = HOME) -> Any:
    return services.sign_in(username=username, password=password, address=address, at=timezone.now())


def lock_out(username: str = "ada", *, address: str = HOME) -> None:
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(WrongCredentials):
            sign_in(username, "a wrong horse", address=address)


class TestStranger:
    def test_locks_nobody_but_himself_out(self, ada: User) -> None:
        lock_out(address=STRANGER)

        with pytest.raises(TooManyAttempts):
            sign_in(address=STRANGER)
        assert sign_in(address=HOME).access_token

    def test_is_locked_out_from_that_account_alone(self, ada: User, register: Any) -> None:
        register("bob")
        lock_out("ada", address=STRANGER)

        assert sign_in("bob", address=STRANGER).access_token


class TestLockouts:
    def test_shows_who_is_locked_from_where_and_for_how_long(self, ada: User, capsys: Any) -> None:
        lock_out(address=STRANGER)
        with pytest.raises(WrongCredentials):
            sign_in(password="a wrong horse", address=HOME)

        call_command("lockouts")

        (line,) = capsys.readouterr().out.splitlines()
        who, seconds = line.removesuffix(" s").split(": ")
        assert who == f"ada from {STRANGER}"
        assert 0 < int(seconds) <= 900

    @pytest.mark.parametrize("options", [[], ["--address", HOME]])
    def test_lets_somebody_in_again(self, ada: User, options: list[str], capsys: Any) -> None:
        lock_out()

        call_command("lockouts", "--lift", "ADA", *options)

        assert sign_in().access_token
        assert capsys.readouterr().out == "ADA is let in again from 1 address\n"

    def test_lets_in_from_one_address_and_leaves_the_others(self, ada: User) -> None:
        lock_out(address=HOME)
        lock_out(address=STRANGER)

        call_command("lockouts", "--lift", "ada", "--address", HOME)

        assert list(FailedSignIns.objects.values_list("address", flat=True)) == [STRANGER]

    @pytest.mark.parametrize("options", [["--lift", "nobody"], ["--address", HOME]])
    def test_says_what_makes_no_sense(self, options: list[str]) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("lockouts", *options)

        assert refused.value.returncode == 2

    def test_are_lifted_by_operators_in_the_admin(self, client: Any, ada: User, register: Any) -> None:
        lock_out()
        form = {"action": "lift", "_selected_action": [FailedSignIns.objects.get().pk]}
        page = "/users/admin/users/failedsignins/"

        client.post(page, form, **as_user(register("sam", roles=("support",))))
        assert FailedSignIns.objects.count() == 1
        client.post(page, form, **as_user(register("olga", roles=("operator",))))

        assert FailedSignIns.objects.count() == 0


class TestSignOut:
    def test_ends_every_session_of_the_person_and_nobody_else_s(self, ada: User, register: Any, capsys: Any) -> None:
        register("bob")
        sessions, other = [sign_in(), sign_in(address=STRANGER)], sign_in("bob")

        call_command("sign_out", "Ada")

        for session in sessions:
            with pytest.raises(SessionEnded):
                services.refresh_session(refresh_token=session.refresh_token)
        assert services.refresh_session(refresh_token=other.refresh_token).access_token
        ended = LogEntry.objects.filter(type="users.session_ended")
        assert [entry.payload["reason"] for entry in ended] == ["revoked", "revoked"]
        assert capsys.readouterr().out == "ada: 2 sessions ended\n"
        assert sign_in().access_token

    def test_says_that_there_is_no_such_person(self) -> None:
        with pytest.raises(CommandError, match="nobody is called nobody"):
            call_command("sign_out", "nobody")

    def test_is_an_operator_s_in_the_admin(self, client: Any, ada: User, register: Any) -> None:
        session = sign_in()
        form = {"action": "sign_out", "_selected_action": [ada.pk]}

        client.post("/users/admin/users/user/", form, **as_user(register("olga", roles=("operator",))))

        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=session.refresh_token)
