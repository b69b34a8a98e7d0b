from uuid import uuid4

import pytest

from apps.users.models import CreditAccount, User
from contracts.users import events
from ficus.events import log
from ficus.events.models import LogEntry
from tests.users.conftest import PASSWORD, as_user

pytestmark = pytest.mark.django_db
GRACE = {"username": "grace", "email": "grace@example.com", "password": PASSWORD}


@pytest.fixture
def sam(register):
    return register("sam", roles=("support",))


@pytest.fixture
def olga(register):
    return register("olga", roles=("operator",))


def shown(user):
    return {
        "id": str(user.id),
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "roles": user.roles,
        "is_active": user.is_active,
        "joined_at": "2026-11-21T12:00:00.123456Z",
    }


class TestRegister:
    @pytest.mark.parametrize("path", ["/users", "/users/"])
    def test_takes_in_whoever_asks(self, client, path):
        answer = client.post(path, GRACE, format="json")

        user = User.objects.get()
        assert (answer.status_code, answer["Location"]) == (201, f"/users/{user.id}")
        assert {**answer.json(), "joined_at": "2026-11-21T12:00:00.123456Z"} == shown(user)
        assert CreditAccount.objects.get().available == 100_000

    @pytest.mark.parametrize(
        ("second", "code"),
        [
            ({"username": "GRACE", "email": "other@example.com"}, "username_taken"),
            ({"username": "other", "email": "Grace@example.com"}, "email_taken"),
        ],
    )
    def test_refuses_what_is_taken(self, client, register, second, code):
        register("grace")

        answer = client.post("/users", {**GRACE, **second}, format="json")

        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert User.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"username": ""}, "username"),
            ({"username": "g"}, "username"),
            ({"username": "grace hopper"}, "username"),
            ({"username": "gràce"}, "username"),
            ({"username": "grace\n"}, None),
            ({"username": "-grace"}, "username"),
            ({"email": "grace"}, "email"),
            ({"email": "grace@exämple.com"}, "email"),
            ({"password": "short"}, "password"),
            ({"password": "password1234"}, "password"),
            ({"password": "grace@example"}, "password"),
            ({"roles": ["admin"]}, "roles"),
            ({"is_active": False}, "is_active"),
        ],
    )
    def test_says_by_field_what_is_not_acceptable(self, client, change, field):
        answer = client.post("/users", {**GRACE, **change}, format="json")

        if field is None:  # surrounding white space is taken off
            assert (answer.status_code, answer.json()["username"]) == (201, "grace")
            return
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
        assert (User.objects.count(), LogEntry.objects.count()) == (0, 0)

    def test_has_one_effect_for_one_key(self, client):
        first, second = (client.post("/users", GRACE, format="json", HTTP_IDEMPOTENCY_KEY="once") for _ in range(2))

        assert (first.status_code, second.status_code) == (201, 201)
        assert (second["Idempotency-Replayed"], second.json()) == ("true", first.json())
        assert User.objects.count() == 1


class TestUserList:
    def test_shows_support_everybody_newest_first(self, client, ada, sam):
        answer = client.get("/users", **as_user(sam))

        assert answer.status_code == 200
        assert answer.json() == {"next": None, "previous": None, "results": [shown(sam), shown(ada)]}

    def test_shows_a_customer_himself_alone(self, client, ada, sam):
        answer = client.get("/users/", **as_user(ada))

        assert [row["username"] for row in answer.json()["results"]] == ["ada"]

    def test_goes_on_from_page_to_page(self, client, ada, sam, olga):
        first = client.get("/users?limit=2", **as_user(sam)).json()
        second = client.get(first["next"], **as_user(sam)).json()

        assert [row["username"] for row in first["results"] + second["results"]] == ["olga", "sam", "ada"]
        assert second["next"] is None

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("search=lovelace", ["ada"]),
            ("search=ADA+example", ["ada"]),
            ("search=ada+sam", []),
            ("role=support", ["sam"]),
            ("role=customer", ["ada"]),
            ("is_active=false", []),
            ("is_active=true&role=support", ["sam"]),
        ],
    )
    def test_keeps_what_is_asked_for(self, client, ada, sam, query, found):
        answer = client.get(f"/users?{query}", **as_user(sam))

        assert [row["username"] for row in answer.json()["results"]] == found

    def test_refuses_a_role_that_does_not_exist(self, client, sam):
        answer = client.get("/users?role=emperor", **as_user(sam))

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["role"])

    def test_is_not_for_strangers(self, client, ada):
        without = client.get("/users")
        narrow = client.get("/users", **as_user(ada, scopes=["orders:read"]))

        assert (without.status_code, narrow.status_code) == (401, 403)
        assert without["WWW-Authenticate"].startswith("Bearer")


class TestUserDetail:
    def test_shows_a_person_to_that_person_and_to_support(self, client, ada, sam):
        for path, caller in ((f"/users/{ada.id}", ada), ("/users/me", ada), (f"/users/{ada.id}/", sam)):
            answer = client.get(path, **as_user(caller))

            assert (answer.status_code, answer.json()) == (200, shown(ada))

    def test_is_not_there_for_a_stranger(self, client, ada, register):
        stranger = register("eve")

        answers = [
            client.get(f"/users/{ada.id}", **as_user(stranger)),
            client.patch(f"/users/{ada.id}", {"first_name": "Eve"}, format="json", **as_user(stranger)),
            client.get(f"/users/{uuid4()}", **as_user(stranger)),
            client.get("/users/not-an-id", **as_user(stranger)),
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
        assert {answers[0].json()["code"], answers[2].json()["code"]} == {"user_not_found"}

    def test_is_changed_by_the_person_and_by_operators(self, client, ada, olga):
        own = client.patch(f"/users/{ada.id}", {"first_name": "Augusta"}, format="json", **as_user(ada))
        other = client.patch(f"/users/{ada.id}/", {"email": "ada@example.org"}, format="json", **as_user(olga))

        assert (own.status_code, own.json()["first_name"]) == (200, "Augusta")
        assert (other.status_code, other.json()["email"]) == (200, "ada@example.org")
        actors = [entry.metadata["actor"] for entry in log.history("user", ada.id)]
        assert actors == ["", str(ada.id), str(olga.id)]

    def test_is_not_changed_by_support(self, client, ada, sam):
        answer = client.patch(f"/users/{ada.id}", {"first_name": "Eve"}, format="json", **as_user(sam))

        assert answer.status_code == 404
        assert User.objects.get(pk=ada.id).first_name == "Ada"

    @pytest.mark.parametrize("field", ["username", "roles", "is_active", "joined_at", "password"])
    def test_refuses_fields_that_are_not_listed(self, client, ada, field):
        answer = client.patch(f"/users/{ada.id}", {"first_name": "Eve", field: "x"}, format="json", **as_user(ada))

        assert (answer.status_code, answer.json()["errors"]) == (400, {field: ["Unknown field."]})
        assert User.objects.get().first_name == "Ada"

    def test_is_not_changed_with_a_token_that_may_only_read(self, client, ada):
        answer = client.patch(
            f"/users/{ada.id}", {"first_name": "Eve"}, format="json", **as_user(ada, scopes=["users:read"])
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


class TestDeactivation:
    def test_is_for_operators_and_says_why(self, client, ada, olga):
        gone = client.post(f"/users/{ada.id}/deactivate", {"reason": "left"}, format="json", **as_user(olga))
        again = client.post(f"/users/{ada.id}/deactivate", {"reason": "left"}, format="json", **as_user(olga))
        back = client.post(f"/users/{ada.id}/reactivate", {}, format="json", **as_user(olga))

        assert (gone.status_code, gone.json()["is_active"]) == (200, False)
        assert (again.status_code, again.json()["code"]) == (409, "illegal_move")
        assert (back.status_code, back.json()["is_active"]) == (200, True)
        assert [entry.event() for entry in log.history("user", ada.id)[1:]] == [
            events.UserDeactivated(user_id=ada.id, reason="left"),
            events.UserReactivated(user_id=ada.id, reason=""),
        ]

    def test_needs_a_reason(self, client, ada, olga):
        answer = client.post(f"/users/{ada.id}/deactivate", {}, format="json", **as_user(olga))

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["reason"])

    @pytest.mark.parametrize("move", ["deactivate", "reactivate"])
    def test_is_not_for_support_nor_for_oneself(self, client, ada, sam, move):
        for caller in (ada, sam):
            answer = client.post(f"/users/{ada.id}/{move}", {"reason": "x"}, format="json", **as_user(caller))

            assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_role")
        assert User.objects.get(pk=ada.id).is_active

    def test_is_refused_for_whom_nobody_knows(self, client, olga):
        answer = client.post(f"/users/{uuid4()}/deactivate", {"reason": "x"}, format="json", **as_user(olga))

        assert answer.status_code == 404


class TestDocument:
    def test_describes_every_path_of_the_service(self, client):
        document = client.get("/users/openapi.json").json()

        assert set(document["paths"]) == {
            "/auth/token",
            "/auth/refresh",
            "/auth/revoke",
            "/users",
            "/users/me",
            "/users/{user_id}",
            "/users/{user_id}/deactivate",
            "/users/{user_id}/reactivate",
            "/users/{user_id}/credit",
            "/users/{user_id}/credit/entries",
            "/users/{user_id}/credit/grants",
        }


class TestBrowsablePage:
    def test_shows_a_person_with_a_form_to_change_the_profile(self, client, ada):
        page = client.get(f"/users/{ada.id}", HTTP_ACCEPT="text/html", **as_user(ada))

        assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "ada@example.com" in page.content.decode()

    @pytest.mark.parametrize(
        ("path", "status", "form"),
        [
            ("/users", 200, "&quot;password&quot;"),
            ("/users/me", 200, None),
            ("/users/{id}/credit", 200, None),
            ("/users/{id}/credit/entries", 200, None),
            ("/users/{id}/credit/grants", 405, "&quot;amount&quot;"),
            ("/users/{id}/deactivate", 405, "&quot;reason&quot;"),
            ("/auth/token", 405, "&quot;password&quot;"),
        ],
    )
    def test_shows_every_path_with_the_form_that_belongs_to_it(self, client, olga, path, status, form):
        page = client.get(path.format(id=olga.id), HTTP_ACCEPT="text/html", **as_user(olga))

        assert (page.status_code, page["Content-Type"]) == (status, "text/html; charset=utf-8")
        assert form is None or form in page.content.decode()

    def test_leads_on_from_a_person_to_what_the_caller_may_do(self, client, ada, olga):
        seen = {
            caller.username: client.get(f"/users/{ada.id}", HTTP_ACCEPT="text/html", **as_user(caller)).content.decode()
            for caller in (ada, olga)
        }

        assert f"/users/{ada.id}/credit/entries" in seen["ada"]
        assert f"/users/{ada.id}/deactivate" not in seen["ada"]
        assert f"/users/{ada.id}/deactivate" in seen["olga"]
