"""What is revoked is announced, and told to whoever verifies; proves semantics, section 6."""

import time
from unittest.mock import patch
from uuid import UUID

import pytest
from oauth2_provider.models import RefreshToken

from apps.users import keys, services
from ficus.auth import verifier
from ficus.auth.revocations import SESSION, SUBJECT, mark
from ficus.events.models import LogEntry
from tests.users.conftest import NOW
from tests.users.views.oauth.conftest import CREDENTIALS, SECRET, trade

pytestmark = pytest.mark.django_db


class TestRevoke:
    def test_ends_a_token_of_the_client_that_asks(self, web, session):
        answer = web.post(
            "/oauth/revoke", {"client_id": "budget", "client_secret": SECRET, "token": session["refresh_token"]}
        )

        assert answer.status_code == 200
        assert trade(web, grant_type="refresh_token", refresh_token=session["refresh_token"]).status_code == 400

    def test_ends_no_token_of_another(self, web, session, robot):
        web.post("/oauth/revoke", {"client_id": "robot", "client_secret": SECRET, "token": session["refresh_token"]})

        assert RefreshToken.objects.get().revoked is None
        assert LogEntry.objects.filter(type="users.session_ended").count() == 0

    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    def test_announces_that_the_session_has_ended(self, web, session, ada, kind):
        principal = verifier.default().verify(session["access_token"])

        web.post("/oauth/revoke", {"client_id": "budget", "client_secret": SECRET, "token": session[kind]})

        entry = LogEntry.objects.get(type="users.session_ended")
        assert entry.payload == {"session_id": principal.session_id, "user_id": str(ada.id), "reason": "revoked"}

    def test_announces_the_end_of_a_program_s_session_too(self, web, robot):
        known = {"client_id": "robot", "client_secret": SECRET}
        token = trade(web, grant_type="client_credentials", scope="orders:read", **known).json()["access_token"]

        web.post("/oauth/revoke", {**known, "token": token})

        entry = LogEntry.objects.get(type="users.session_ended")
        assert entry.payload["session_id"] == verifier.default().verify(token).session_id
        assert entry.payload["user_id"] is None


class TestRevocations:
    def told(self, web, since=0.0):
        return web.get("/.well-known/revocations.json", {"since": since}).json()

    def test_name_sessions_and_people_without_saying_who_they_are(self, web, session, ada):
        sid = verifier.default().verify(session["access_token"]).session_id
        assert self.told(web)["revoked"] == {}

        services.end_session(refresh_token=services.sign_in(**CREDENTIALS, address="", at=NOW).refresh_token)
        services.deactivate_user(user_id=ada.id, reason="left")
        answer = self.told(web)

        ended = LogEntry.objects.get(type="users.session_ended")
        left = LogEntry.objects.get(type="users.user_deactivated")
        assert answer["revoked"] == {
            mark(SESSION, str(ended.aggregate_id)): ended.recorded_at.timestamp(),
            mark(SUBJECT, str(ada.id)): left.recorded_at.timestamp(),
        }
        assert answer["token_seconds"] == 300
        assert mark(SESSION, sid) not in answer["revoked"]
        assert str(ada.id) not in str(answer)

    def test_name_whoever_has_other_roles_now(self, web, ada):
        services.change_roles(user_id=ada.id, roles=["support"], reason="promoted")

        assert list(self.told(web)["revoked"]) == [mark(SUBJECT, str(ada.id))]

    def test_come_with_the_keys_under_which_tokens_are_good(self, web):
        assert self.told(web)["keys"] == [key["kid"] for key in keys.public_jwks()["keys"]]

    def test_are_not_told_for_longer_than_a_token_lives(self, web, ada):
        with patch("ficus.events.log.uuid7", lambda: UUID(int=int((time.time() - 311) * 1000) << 80)):
            services.deactivate_user(user_id=ada.id, reason="left")

        assert self.told(web)["revoked"] == {}

    def test_are_told_again_for_a_moment_lest_one_is_missed(self, web, ada):
        services.deactivate_user(user_id=ada.id, reason="left")
        now = time.time()

        assert len(self.told(web, now)["revoked"]) == 1
        assert len(self.told(web, now + 3600)["revoked"]) == 1

    @pytest.mark.parametrize("since", ["", "x", "nan", "inf", "-inf", "1e400", "-1e9"])
    def test_are_told_whatever_is_asked(self, web, since):
        assert self.told(web, since)["revoked"] == {}
