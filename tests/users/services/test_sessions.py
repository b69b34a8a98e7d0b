from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from apps.users import passwords, queries, services
from apps.users.exceptions import SessionEnded, TooManyAttempts, WrongCredentials
from apps.users.models import FailedSignIns
from ficus.auth import verifier
from ficus.events.models import LogEntry
from tests.users.conftest import NOW, PASSWORD

pytestmark = pytest.mark.django_db
ADDRESS = "192.0.2.7"


def sign_in(username="ada", password=PASSWORD, *, address=ADDRESS, at=NOW):
    return services.sign_in(username=username, password=password, address=address, at=at)


@pytest.fixture
def hashes(monkeypatch):
    """How many passwords were hashed, in a test."""
    counted = []
    hashed = passwords.BoundedArgon2PasswordHasher.encode
    verified = passwords.BoundedArgon2PasswordHasher.verify
    monkeypatch.setattr(
        passwords.BoundedArgon2PasswordHasher, "encode", lambda *args: counted.append("encode") or hashed(*args)
    )
    monkeypatch.setattr(
        passwords.BoundedArgon2PasswordHasher, "verify", lambda *args: counted.append("verify") or verified(*args)
    )
    return counted


class TestSignIn:
    def test_opens_a_session_with_a_token_that_everyone_accepts(self, ada):
        session = sign_in()

        principal = verifier.default().verify(session.access_token)
        assert (session.token_type, session.expires_in) == ("Bearer", 300)
        assert (principal.id, principal.username, principal.roles) == (ada.id, "ada", frozenset({"customer"}))
        assert principal.scopes == {"users:read", "users:write", "orders:read", "orders:write"}
        assert principal.session_id == str(RefreshToken.objects.get().token_family)

    def test_keeps_no_token_that_could_be_used(self, ada):
        session = sign_in()

        assert list(AccessToken.objects.values_list("token")) == [("",)]
        assert list(RefreshToken.objects.values_list("token")) == [("",)]
        assert session.refresh_token not in RefreshToken.objects.get().token_checksum

    def test_disregards_the_case_of_the_name(self, ada):
        assert sign_in("ADA").access_token

    @pytest.mark.parametrize("username", ["ada", "nobody", "gone", "passwordless"])
    def test_refuses_every_wrong_pair_alike_and_hashes_once(self, ada, register, username, hashes):
        services.deactivate_user(user_id=register("gone").id, reason="left")
        register("passwordless", password_hash=make_password(None))
        right_but_gone = PASSWORD if username == "gone" else "wrong horse battery"

        with pytest.raises(WrongCredentials) as refusal:
            sign_in(username, right_but_gone)

        assert refusal.value.detail == "Wrong username or password"
        assert len(hashes) == 1
        assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (0, 0)

    def test_locks_the_pair_after_ten_failures_and_looks_at_no_password(self, ada, hashes):
        for _ in range(10):
            with pytest.raises(WrongCredentials):
                sign_in(password="wrong horse battery")
        hashes.clear()

        with pytest.raises(TooManyAttempts) as refusal:
            sign_in("ADA", at=NOW + timedelta(minutes=5))

        assert refusal.value.extra == {"retry_after": 600}
        assert (hashes, RefreshToken.objects.count()) == ([], 0)
        assert sign_in(address="192.0.2.8").access_token
        assert sign_in(at=NOW + timedelta(minutes=15)).access_token

    def test_locks_out_a_name_that_nobody_has_just_the_same(self):
        for _ in range(10):
            with pytest.raises(WrongCredentials):
                sign_in("nobody")

        with pytest.raises(TooManyAttempts):
            sign_in("nobody")

    def test_forgets_failures_once_it_succeeds(self, ada):
        with pytest.raises(WrongCredentials):
            sign_in(password="wrong horse battery")

        sign_in()

        assert FailedSignIns.objects.count() == 0


class TestRefreshSession:
    def test_gives_a_new_pair_in_the_same_session(self, ada):
        first = sign_in()

        second = services.refresh_session(refresh_token=first.refresh_token)

        before, after = (verifier.default().verify(session.access_token) for session in (first, second))
        assert second.refresh_token != first.refresh_token
        assert (after.session_id, after.subject) == (before.session_id, before.subject)

    def test_carries_the_roles_held_now(self, ada):
        session = sign_in()
        services.change_roles(user_id=ada.id, roles=["support"], reason="promoted")

        refreshed = services.refresh_session(refresh_token=session.refresh_token)

        assert verifier.default().verify(refreshed.access_token).roles == {"support"}

    def test_gives_a_token_that_the_change_of_roles_does_not_refuse(self, ada):
        session = sign_in()
        services.change_roles(user_id=ada.id, roles=["support"], reason="promoted")
        mine = verifier.default()
        mine.revoke(**heard())

        with pytest.raises(verifier.InvalidToken):
            mine.verify(session.access_token)
        refreshed = services.refresh_session(refresh_token=session.refresh_token)

        assert mine.verify(refreshed.access_token).roles == {"support"}

    def test_ends_the_whole_family_when_a_token_is_used_twice(self, ada):
        first = sign_in()
        other = sign_in()
        second = services.refresh_session(refresh_token=first.refresh_token)

        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=first.refresh_token)

        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=second.refresh_token)
        assert services.refresh_session(refresh_token=other.refresh_token).access_token

    @pytest.mark.parametrize("token", ["", "rubbish", "\x00"])
    def test_refuses_what_is_no_token_of_ours(self, token):
        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=token)

    def test_refuses_a_session_that_was_idle_too_long(self, ada, settings):
        session = sign_in()
        idle = settings.OAUTH2_PROVIDER["REFRESH_TOKEN_EXPIRE_SECONDS"]
        AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=idle))

        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=session.refresh_token)

        assert RefreshToken.objects.count() == 1

    def test_refuses_a_deactivated_person_for_good(self, ada):
        session = sign_in()
        services.deactivate_user(user_id=ada.id, reason="left")
        services.reactivate_user(user_id=ada.id, reason="came back")

        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=session.refresh_token)

        assert (AccessToken.objects.count(), Grant.objects.count()) == (0, 0)


class TestEndSession:
    def test_ends_the_session_of_that_token_and_no_other(self, ada):
        session, other = sign_in(), sign_in()

        services.end_session(refresh_token=session.refresh_token)

        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=session.refresh_token)
        assert services.refresh_session(refresh_token=other.refresh_token).access_token

    def test_ends_it_by_a_token_that_was_traded_in_too(self, ada):
        first = sign_in()
        second = services.refresh_session(refresh_token=first.refresh_token)

        services.end_session(refresh_token=first.refresh_token)

        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=second.refresh_token)

    def test_takes_an_unknown_token_without_a_word(self):
        services.end_session(refresh_token="rubbish")

        assert RefreshToken.objects.count() == 0


def ended():
    """What was announced of sessions that have ended."""
    return [
        (str(entry.aggregate_id), entry.payload["user_id"], entry.payload["reason"])
        for entry in LogEntry.objects.filter(type="users.session_ended")
    ]


def heard():
    """What verifiers are told."""
    told = queries.revocations_since(0)
    return {"marks": told["revoked"], "token_seconds": told["token_seconds"]}


def session_id_of(session):
    return verifier.default().verify(session.access_token).session_id


class TestAnnouncingTheEnd:
    def test_says_once_whose_session_ended_by_signing_out(self, ada):
        session = sign_in()

        services.end_session(refresh_token=session.refresh_token)
        services.end_session(refresh_token=session.refresh_token)

        assert ended() == [(session_id_of(session), str(ada.id), "signed_out")]

    def test_says_so_when_a_refresh_token_is_used_twice(self, ada):
        session = sign_in()
        services.refresh_session(refresh_token=session.refresh_token)
        assert ended() == []

        for _ in range(2):
            with pytest.raises(SessionEnded):
                services.refresh_session(refresh_token=session.refresh_token)

        assert ended() == [(session_id_of(session), str(ada.id), "reused")]

    def test_says_nothing_of_a_token_that_nobody_has(self):
        services.end_session(refresh_token="rubbish")
        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token="rubbish")

        assert ended() == []


class TestForgetExpiredSignIns:
    def test_keeps_what_still_has_an_effect(self, ada):
        session = sign_in()
        used = services.refresh_session(refresh_token=session.refresh_token)
        with pytest.raises(WrongCredentials):
            sign_in(password="wrong horse battery", at=NOW - timedelta(minutes=16))
        with pytest.raises(WrongCredentials):
            sign_in("sam", at=NOW)

        services.forget_expired_sign_ins(at=NOW)

        assert list(FailedSignIns.objects.values_list("account", flat=True)) == ["sam"]
        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=session.refresh_token)
        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=used.refresh_token)
