"""Staff at a service that is reached past the front door: there and back, and out everywhere; semantics, section 6."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.test import Client
from oauth2_provider.models import Grant, RefreshToken

from apps.users import queries, services
from apps.users.exceptions import SessionEnded
from apps.users.services.sessions import Session
from ficus.auth import direct, verifier
from ficus.testing import tokens as made
from tests.users.conftest import NOW, PASSWORD, Register

pytestmark = pytest.mark.django_db
DIRECT = "https://users.internal"
ADMIN = "/users/admin/"
CLIENT = configured.STAFF["CLIENT"]
SERVICE = CLIENT.removeprefix("ficus-staff-")


@pytest.fixture
def browser(settings: Any) -> Client:
    """A browser at the service itself."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.STAFF = {**settings.STAFF, "DIRECT_URL": DIRECT}
    call_command("register_staff_client", SERVICE, DIRECT, ADMIN)
    return Client(headers={"Host": "users.internal"})


@pytest.fixture(autouse=True)
def users(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The users service as the service asks it, in this process; what it was asked."""
    asked: list[str] = []

    def ask(path: str, **form: str) -> dict[str, Any] | None:
        asked.append(form.get("grant_type", path))
        answer: Any = Client().post(path, {**form, "client_id": CLIENT})
        return (answer.json() if answer.content else {}) if answer.status_code == 200 else None

    monkeypatch.setattr(direct, "ask", ask)
    return asked


@pytest.fixture
def sam(register: Register) -> Any:
    return register("sam", roles=("customer", "support"))


def at_the_door(username: str = "sam") -> Session:
    """Sign in at the front door."""
    return services.sign_in(username=username, password=PASSWORD, address="", at=NOW)


def sent_to_sign_in(browser: Client, path: str = ADMIN) -> str:
    """Follow the admin to where it has a stranger sign in."""
    answer: Any = browser.get(path)
    return str(browser.get(answer["Location"])["Location"])


def allowed(question: str, session: Session) -> Any:
    """Ask the users service as the front door does for whoever is signed in there."""
    front = Client(headers={"Host": configured.PUBLIC_URL.removeprefix("http://")})
    parts = urlsplit(question)
    return front.get(f"{parts.path}?{parts.query}", HTTP_AUTHORIZATION=f"Bearer {session.access_token}")


def sign_in(browser: Client, session: Session, path: str = ADMIN) -> Any:
    back = allowed(sent_to_sign_in(browser, path), session)["Location"]
    return browser.get(back.removeprefix(DIRECT))


def away(path: str, **form: str) -> None:
    raise direct.UsersAway


def hear(since: float = 0.0) -> None:
    """Have the service's verifier hear now what it would hear within half a second."""
    told = queries.revocations_since(since)
    verifier.default().revoke(told["revoked"], token_seconds=told["token_seconds"])


def parameters(address: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}


class TestSigningIn:
    def test_leads_to_the_front_door_and_back_to_where_one_wanted_to_go(self, browser: Client, sam: Any) -> None:
        answer = sign_in(browser, at_the_door(), f"{ADMIN}users/user/?q=ada")

        assert (answer.status_code, answer["Location"]) == (302, f"{ADMIN}users/user/?q=ada")
        assert browser.get(answer["Location"]).status_code == 200

    def test_asks_with_pkce_a_state_and_a_nonce(self, browser: Client) -> None:
        question = sent_to_sign_in(browser)

        asked = parameters(question)
        assert question.startswith(f"{configured.PUBLIC_URL}/oauth/authorize?")
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, f"{DIRECT}{ADMIN}signed-in/")
        assert (asked["scope"], asked["code_challenge_method"]) == ("openid", "S256")
        assert all(len(asked[name]) >= 43 for name in ("state", "nonce", "code_challenge"))

    def test_has_whoever_is_nobody_sign_in_at_the_front_door_first(self, browser: Client) -> None:
        parts = urlsplit(sent_to_sign_in(browser))

        answer: Any = Client(headers={"Host": "127.0.0.1"}).get(f"{parts.path}?{parts.query}")

        assert answer["Location"].startswith(f"{configured.PUBLIC_URL}/login?next=")

    def test_keeps_every_token_from_the_browser(self, browser: Client, sam: Any) -> None:
        sign_in(browser, at_the_door())

        kept = [str(cookie.value) for cookie in browser.cookies.values()]

        assert kept
        assert not any(re.search(r"eyJ[\w-]+\.eyJ", value) for value in kept)

    def test_begins_a_new_session(self, browser: Client, sam: Any) -> None:
        question = sent_to_sign_in(browser)
        before = browser.session.session_key

        browser.get(allowed(question, at_the_door())["Location"].removeprefix(DIRECT))

        assert browser.session.session_key != before

    def test_gives_a_token_that_opens_this_admin_alone(self, browser: Client, sam: Any) -> None:
        sign_in(browser, at_the_door())
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {browser.session[direct.STAFF]['access_token']}"}

        stranger = Client()
        assert stranger.get("/users", **bearer).status_code == 403
        assert stranger.get(ADMIN, **bearer).status_code == 302

    def test_lets_no_customer_in_and_sends_nobody_in_circles(self, browser: Client, ada: Any) -> None:
        assert sign_in(browser, at_the_door("ada")).status_code == 302

        assert browser.get(ADMIN, follow=True).status_code == 403

    @pytest.mark.parametrize(
        "change",
        [
            lambda given: {**given, "state": given["state"][::-1]},
            lambda given: {**given, "state": ""},
            lambda given: {**given, "iss": "https://elsewhere.example"},
            lambda given: {**given, "code": given["code"][::-1]},
            lambda given: {"state": given["state"], "iss": given["iss"], "error": "access_denied"},
        ],
        ids=["another state", "no state", "another issuer", "another code", "an error"],
    )
    def test_takes_no_answer_that_is_not_to_its_question(
        self, browser: Client, sam: Any, change: Callable[[dict[str, str]], dict[str, str]]
    ) -> None:
        back = allowed(sent_to_sign_in(browser), at_the_door())["Location"]

        answer: Any = browser.get(f"{ADMIN}signed-in/", change(parameters(back)))

        assert answer.status_code == 403
        assert browser.get(ADMIN).status_code == 302

    def test_takes_no_answer_that_was_begun_in_another_browser(self, browser: Client, sam: Any) -> None:
        back = allowed(sent_to_sign_in(browser), at_the_door())["Location"]

        other = Client(headers={"Host": "users.internal"})

        assert other.get(back.removeprefix(DIRECT)).status_code == 403

    def test_takes_no_id_token_that_answers_another_question(self, browser: Client, sam: Any) -> None:
        back = allowed(sent_to_sign_in(browser), at_the_door())["Location"]
        Grant.objects.update(nonce="another")

        assert browser.get(back.removeprefix(DIRECT)).status_code == 403

    def test_takes_no_code_once_the_front_door_s_session_has_ended(self, browser: Client, sam: Any) -> None:
        session = at_the_door()
        back = allowed(sent_to_sign_in(browser), session)["Location"]
        services.end_session(refresh_token=session.refresh_token)

        assert browser.get(back.removeprefix(DIRECT)).status_code == 403

    def test_says_so_while_users_is_away(self, browser: Client, sam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        back = allowed(sent_to_sign_in(browser), at_the_door())["Location"]
        monkeypatch.setattr(direct, "ask", away)

        answer: Any = browser.get(back.removeprefix(DIRECT))

        assert (answer.status_code, answer["Retry-After"]) == (503, "1")

    def test_does_not_happen_at_the_front_door(self, browser: Client) -> None:
        front = Client(headers={"Host": "127.0.0.1"})

        answer: Any = front.get(f"{ADMIN}login/", {"next": ADMIN})

        assert answer["Location"] == f"{configured.PUBLIC_URL}/login?next={ADMIN}"
        assert front.get(f"{ADMIN}signed-in/").status_code == 404

    def test_takes_the_session_for_nobody_s_at_the_front_door(self, browser: Client, sam: Any) -> None:
        sign_in(browser, at_the_door())

        assert browser.get(ADMIN, headers={"Host": "127.0.0.1"}).status_code == 302

    def test_lets_no_client_choose_the_front_door_s_session(self, browser: Client, sam: Any) -> None:
        other, mine = at_the_door(), at_the_door()
        chosen = verifier.default().verify(other.access_token).session_id
        question = sent_to_sign_in(browser) + '&claims={"front_session":"' + chosen + '"}'

        browser.get(allowed(question, mine)["Location"].removeprefix(DIRECT))

        kept = verifier.default().verify(browser.session[direct.STAFF]["access_token"]).session_id
        assert kept == verifier.default().verify(mine.access_token).session_id


class TestOverTime:
    def test_gets_a_new_token_before_the_old_one_ends(self, browser: Client, sam: Any, users: list[str]) -> None:
        sign_in(browser, at_the_door())
        self.let_time_pass(browser)

        statuses = [browser.get(ADMIN).status_code for _ in range(3)]

        assert statuses == [200, 200, 200]
        assert users == ["authorization_code", "refresh_token"]

    def test_uses_a_refresh_token_once_for_all_who_come_at_the_same_time(
        self, browser: Client, sam: Any, monkeypatch: pytest.MonkeyPatch, users: list[str]
    ) -> None:
        sign_in(browser, at_the_door())
        self.let_time_pass(browser)
        asking, others = direct.ask, []

        def meanwhile(path: str, **form: str) -> dict[str, Any] | None:
            others.append(Client(headers={"Host": "users.internal"}))
            others[-1].cookies = browser.cookies
            assert others[-1].get(ADMIN).status_code == 200
            return asking(path, **form)

        monkeypatch.setattr(direct, "ask", meanwhile)

        assert browser.get(ADMIN).status_code == 200
        assert users == ["authorization_code", "refresh_token"]
        assert len(others) == 1

    def test_honours_roles_that_were_changed(self, browser: Client, sam: Any) -> None:
        sign_in(browser, at_the_door())
        services.change_roles(user_id=sam.id, roles=["customer", "operator"], reason="promoted")
        hear()

        assert browser.get(ADMIN).status_code == 200

        held = verifier.default().verify(browser.session[direct.STAFF]["access_token"])
        assert held.roles == {"customer", "operator"}

    def test_ends_with_the_person(self, browser: Client, sam: Any) -> None:
        sign_in(browser, at_the_door())
        services.deactivate_user(user_id=sam.id, reason="left")
        hear()

        assert browser.get(ADMIN).status_code == 302
        assert direct.STAFF not in browser.session

    def test_goes_on_with_a_token_that_holds_while_users_is_away(
        self, browser: Client, sam: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sign_in(browser, at_the_door())
        self.let_time_pass(browser)
        monkeypatch.setattr(direct, "ask", away)

        assert browser.get(ADMIN).status_code == 200

    @staticmethod
    def let_time_pass(browser: Client) -> None:
        session = browser.session
        session[direct.STAFF] = {**session[direct.STAFF], "expires_at": time.time() + 60}
        session.save()


class TestSigningOut:
    def test_at_the_front_door_ends_it_here(self, browser: Client, sam: Any) -> None:
        session = at_the_door()
        sign_in(browser, session)
        assert browser.get(ADMIN).status_code == 200

        services.end_session(refresh_token=session.refresh_token)
        hear()

        assert browser.get(ADMIN).status_code == 302

    def test_here_ends_it_at_the_front_door(self, browser: Client, sam: Any) -> None:
        session, elsewhere = at_the_door(), at_the_door()
        sign_in(browser, session)

        answer: Any = browser.post(f"{ADMIN}logout/")
        hear()

        assert (answer.status_code, answer["Location"]) == (302, configured.PUBLIC_URL)
        with pytest.raises(verifier.InvalidToken):
            verifier.default().verify(session.access_token)
        with pytest.raises(SessionEnded):
            services.refresh_session(refresh_token=session.refresh_token)
        assert verifier.default().verify(elsewhere.access_token).username == "sam"
        assert RefreshToken.objects.filter(revoked__isnull=True).count() == 1

    def test_ends_it_here_while_users_is_away(self, browser: Client, sam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        sign_in(browser, at_the_door())
        monkeypatch.setattr(direct, "ask", away)

        assert browser.post(f"{ADMIN}logout/").status_code == 302
        assert browser.get(ADMIN).status_code == 302

    def test_is_not_done_by_a_link(self, browser: Client, sam: Any) -> None:
        sign_in(browser, at_the_door())

        browser.get(f"{ADMIN}logout/")

        assert browser.get(ADMIN).status_code == 200


class TestRegisterStaffClient:
    @pytest.mark.parametrize("url", ["http://users.internal", "users.internal", "https://users.internal/x", "ftp://x"])
    def test_refuses_what_is_no_address_of_a_service(self, url: str) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("register_staff_client", "orders", url)

        assert refused.value.returncode == 2

    def test_says_where_one_comes_back_to(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("register_staff_client", "orders", "http://127.0.0.1:8002")

        assert (
            capsys.readouterr().out
            == "ficus-staff-orders comes back to http://127.0.0.1:8002/orders/admin/signed-in/\n"
        )


class TestToken:
    def test_of_another_client_is_none(self, browser: Client, sam: Any) -> None:
        session = browser.session
        kept = {"access_token": made.token(user_id=sam.id, roles=["admin"]), "refresh_token": "none"}
        session[direct.STAFF] = {**kept, "expires_at": time.time() + 300}
        session.save()
        browser.cookies[configured.SESSION_COOKIE_NAME] = session.session_key or ""

        assert browser.get(ADMIN).status_code == 302
