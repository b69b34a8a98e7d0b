"""A browser's session: what stands behind its cookie, where it helps, and where it does not."""

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from ficus.auth.revocations import SUBJECT, mark
from ficus.testing import tokens
from tests.gateway.wire.client import Answer
from tests.gateway.wire.conftest import Door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer, read_body

OLGA = UUID("0190b6a0-0000-7000-8000-00000000a19a")
FORM = "Content-Type: application/x-www-form-urlencoded"
PATIENCE_SECONDS = 60.0
SAME_ORIGIN = "Sec-Fetch-Site: same-origin"
TOKENS_HAVE_ENDED = """
from django.utils import timezone
from gateway.console.models import SignIn
SignIn.objects.update(access_expires_at=timezone.now())
"""


class Users:
    """The users service's sign-in: hands out pairs, and takes each refresh token once."""

    def __init__(self, service: FakeService) -> None:
        self.lives_seconds = 300
        self.roles = ["operator"]
        self.refreshed: list[str] = []
        self.revoked: list[str] = []
        self.away = False
        self.ahead_seconds = 0
        self.person_id = OLGA
        self._pairs = 0
        self._lock = threading.Lock()
        service.on("/auth/token", self._sign_in)
        service.on("/auth/refresh", self._refresh)
        service.on("/auth/revoke", self._revoke)

    def _sign_in(self, connection: Connection, asked: Asked) -> None:
        given = json.loads(read_body(connection, asked))
        if given == {"username": "olga", "password": "open sesame"}:
            connection.send(self._pair())
        else:
            connection.send(answer(401, b'{"detail": "No."}'))

    def _refresh(self, connection: Connection, asked: Asked) -> None:
        given = json.loads(read_body(connection, asked))["refresh_token"]
        if self.away:
            connection.send(answer(503))
            return
        with self._lock:
            reused = given in self.refreshed
            self.refreshed.append(given)
        time.sleep(0.1)
        connection.send(answer(401) if reused or self.revoked else self._pair())

    def _revoke(self, connection: Connection, asked: Asked) -> None:
        self.revoked.append(json.loads(read_body(connection, asked))["refresh_token"])
        connection.send(answer(204))

    def _pair(self) -> bytes:
        self._pairs += 1
        now = int(time.time())
        times = {"iat": now + self.ahead_seconds, "exp": now + self.lives_seconds}
        token = tokens.token(user_id=self.person_id, username="olga", roles=self.roles, **times)
        pair = {"access_token": token, "refresh_token": f"refresh-{self._pairs}", "expires_in": self.lives_seconds}
        return answer(200, json.dumps({**pair, "token_type": "Bearer"}).encode())


class Browser:
    """Keeps cookies and fills in forms."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, target: str, *fields: str, body: bytes = b"") -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = (f"Cookie: {cookies}", *fields) if cookies else fields
        answered = self._door.ask(method, target, "Accept: text/html", *sent, body=body)
        for name, value in answered.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answered

    def submit(self, target: str, **values: str) -> Answer:
        """Load the page's form and send it filled in."""
        page = self.ask("GET", target).body.decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None, page
        body = urlencode({"csrfmiddlewaretoken": found[1], **values}).encode()
        path = target.partition("?")[0]
        return self.ask("POST", path, FORM, SAME_ORIGIN, body=body)

    def sign_in(self, **values: str) -> Answer:
        return self.submit("/login", username="olga", password="open sesame", **values)


@pytest.fixture
def people(users: FakeService) -> Users:
    return Users(users)


@pytest.fixture
def browser(door: Door, people: Users) -> Browser:
    return Browser(door)


@pytest.fixture
def olga(browser: Browser) -> Browser:
    assert browser.sign_in().status == 302
    return browser


class TestSigningIn:
    def test_leads_to_where_the_person_wanted_to_go(self, browser: Browser) -> None:
        answered = browser.sign_in(next="/orders?status=PENDING")

        assert (answered.status, answered.header("location")) == (302, "/orders?status=PENDING")

    @pytest.mark.parametrize("elsewhere", ["//evil.test/", "https://evil.test/", "javascript:alert(1)", "/\\evil.test"])
    def test_leads_nowhere_else_than_this_site(self, browser: Browser, elsewhere: str) -> None:
        assert browser.sign_in(next=elsewhere).header("location") == "/"

    def test_keeps_every_token_from_the_browser(self, olga: Browser) -> None:
        session = olga.cookies["gateway_session"]

        assert sorted(olga.cookies) == ["gateway_csrf", "gateway_session"]
        assert re.fullmatch("[a-z0-9]{32}", session)

    def test_sets_a_cookie_that_scripts_and_other_sites_cannot_use(self, browser: Browser) -> None:
        (cookie,) = [
            value
            for name, value in browser.sign_in().headers
            if name == "set-cookie" and value.startswith("gateway_session")
        ]

        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

    def test_begins_a_new_session(self, olga: Browser) -> None:
        before = olga.cookies["gateway_session"]
        olga.submit("/logout")

        olga.cookies["gateway_session"] = before
        olga.sign_in()

        assert olga.cookies["gateway_session"] != before

    def test_with_a_wrong_password_says_so_and_signs_nobody_in(self, browser: Browser) -> None:
        answered = browser.submit("/login", username="olga", password="open barley")

        assert answered.status == 401
        assert b"do not belong together" in answered.body
        assert "gateway_session" not in browser.cookies

    def test_needs_the_form_of_this_site(self, door: Door, people: Users) -> None:
        body = urlencode({"username": "olga", "password": "open sesame"}).encode()

        assert door.ask("POST", "/login", FORM, body=body).status == 403

    def test_says_so_when_the_users_service_is_away(self, browser: Browser, users: FakeService) -> None:
        users.on("/auth/token", lambda connection, _: connection.close())

        answered = browser.sign_in()

        assert answered.status == 503
        assert b"not possible at present" in answered.body

    def test_is_offered_to_nobody_who_is_signed_in(self, olga: Browser) -> None:
        answered = olga.ask("GET", "/login?next=/docs")

        assert (answered.status, answered.header("location")) == (302, "/docs")


class TestSession:
    def test_stands_for_a_token_on_the_way_to_a_service(self, olga: Browser, orders: FakeService) -> None:
        assert olga.ask("GET", "/orders").status == 200

        asked = orders.asked[0]
        assert (asked.header("authorization") or "").startswith("Bearer ey")
        assert asked.header("cookie") is None

    def test_is_not_looked_at_where_a_token_is_presented(self, olga: Browser, orders: FakeService) -> None:
        mine = f"Bearer {tokens.token(username='ada')}"

        olga.ask("GET", "/orders", f"Authorization: {mine}")

        assert orders.asked[0].header("authorization") == mine

    def test_goes_to_no_public_path(self, olga: Browser, users: FakeService) -> None:
        users.forget()
        olga.ask("POST", "/auth/other", SAME_ORIGIN)

        assert users.asked[0].header("authorization") is None

    @pytest.mark.parametrize(
        "fields",
        [
            (),
            ("Sec-Fetch-Site: cross-site",),
            ("Sec-Fetch-Site: same-site",),
            ("Sec-Fetch-Site: none",),
            ("Origin: https://evil.test",),
            ("Origin: null",),
            ("Origin: http://ficus.test", "Sec-Fetch-Site: cross-site"),
        ],
        ids=str,
    )
    def test_serves_no_other_sites_page(self, olga: Browser, orders: FakeService, fields: tuple[str, ...]) -> None:
        answered = olga.ask("POST", "/orders", *fields, body=b"{}")

        assert (answered.status, answered.json["code"]) == (403, "cross_origin")
        assert orders.asked == []

    @pytest.mark.parametrize("field", [SAME_ORIGIN, "Origin: http://ficus.test"])
    def test_serves_this_sites_pages(self, olga: Browser, orders: FakeService, field: str) -> None:
        assert olga.ask("POST", "/orders", field, body=b"{}").status == 200

    def test_that_is_unknown_is_nobodys(self, browser: Browser, orders: FakeService) -> None:
        browser.cookies["gateway_session"] = "a" * 32

        assert browser.ask("GET", "/orders").header("location") == "/login?next=/orders"
        assert browser.ask("GET", "/products").status == 200
        assert orders.asked[0].header("authorization") is None


class TestSessionOverTime:
    def test_gets_a_new_token_before_the_old_one_ends(
        self, browser: Browser, people: Users, orders: FakeService
    ) -> None:
        people.lives_seconds = 20
        browser.sign_in()
        people.lives_seconds = 300

        statuses = [browser.ask("GET", "/orders").status for _ in range(3)]

        assert statuses == [200, 200, 200]
        assert people.refreshed == ["refresh-1"]
        assert len({asked.header("authorization") for asked in orders.asked}) == 1

    def test_uses_a_refresh_token_once_however_many_requests_come(
        self, browser: Browser, people: Users, door: Door
    ) -> None:
        browser.sign_in()
        door.manage("shell", "--verbosity=0", "-c", TOKENS_HAVE_ENDED)

        with ThreadPoolExecutor(10) as threads:
            statuses = list(threads.map(lambda _: browser.ask("GET", "/orders").status, range(20)))

        assert statuses == [200] * 20
        assert people.refreshed == ["refresh-1"]

    def test_gets_a_new_token_when_the_old_one_is_refused_before_its_time(
        self, browser: Browser, people: Users, users: FakeService
    ) -> None:
        people.person_id = uuid4()  # whom no other test signs in, within the second that is refused
        browser.sign_in()
        people.ahead_seconds = 2

        users.revoked = {mark(SUBJECT, str(people.person_id)): time.time()}

        statuses, until = {200}, time.monotonic() + PATIENCE_SECONDS
        while not people.refreshed and time.monotonic() < until:
            statuses.add(browser.ask("GET", "/orders").status)
        assert statuses == {200}
        assert people.refreshed == ["refresh-1"]

    def test_goes_on_with_a_token_that_holds_while_users_is_away(self, browser: Browser, people: Users) -> None:
        people.lives_seconds = 20
        browser.sign_in()
        people.away = True

        assert browser.ask("GET", "/orders").status == 200

    def test_ends_when_the_users_service_ended_it(self, browser: Browser, people: Users) -> None:
        people.lives_seconds = 20
        browser.sign_in()
        people.revoked.append("elsewhere")

        assert browser.ask("GET", "/orders").header("location") == "/login?next=/orders"


class TestSigningOut:
    def test_ends_the_session_here_and_at_the_users_service(
        self, olga: Browser, people: Users, orders: FakeService
    ) -> None:
        session = olga.cookies["gateway_session"]
        olga.ask("GET", "/orders")

        assert olga.submit("/logout").status == 302
        olga.cookies["gateway_session"] = session
        answered = olga.ask("GET", "/orders")

        assert answered.header("location") == "/login?next=/orders"
        assert people.revoked == ["refresh-1"]
        assert len(orders.asked) == 1

    def test_is_asked_for_by_a_link_and_not_done(self, olga: Browser) -> None:
        page = olga.ask("GET", "/logout")

        assert b"Sign out?" in page.body
        assert olga.ask("GET", "/orders").status == 200


class TestStaff:
    def test_enter_the_gateways_admin_by_the_same_sign_in(self, olga: Browser) -> None:
        page = olga.ask("GET", "/admin/control/route/")

        assert page.status == 200
        assert b"/orders/openapi.json" in page.body

    def test_who_are_none_are_turned_away(self, browser: Browser, people: Users) -> None:
        people.roles = ["customer"]
        browser.sign_in()

        assert browser.ask("GET", "/admin/").status == 302
        assert browser.ask("GET", "/admin/login/?next=/admin/").status == 403

    def test_who_are_not_signed_in_are_sent_there(self, browser: Browser) -> None:
        answered = browser.ask("GET", "/admin/control/route/")

        assert answered.status == 302
        assert "/admin/login/" in (answered.header("location") or "")
