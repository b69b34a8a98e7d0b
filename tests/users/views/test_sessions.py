import pytest

from apps.users import services
from ficus.auth import verifier
from tests.users.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client, username="ada", password=PASSWORD, **headers):
    return client.post("/auth/token", {"username": username, "password": password}, format="json", **headers)


class TestSignIn:
    @pytest.mark.parametrize("path", ["/auth/token", "/auth/token/"])
    def test_answers_with_a_pair_of_tokens(self, client, ada, path):
        answer = client.post(path, {"username": "ada", "password": PASSWORD}, format="json")

        body = answer.json()
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 300)
        assert verifier.default().verify(body["access_token"]).id == ada.id

    def test_answers_every_wrong_pair_in_the_same_words(self, client, ada, register):
        services.deactivate_user(user_id=register("gone").id, reason="left")

        answers = [sign_in(client, "ada", "wrong"), sign_in(client, "nobody"), sign_in(client, "gone")]

        documents = [
            {name: value for name, value in answer.json().items() if name != "request_id"} for answer in answers
        ]
        assert [answer.status_code for answer in answers] == [401, 401, 401]
        assert documents[0]["code"] == "wrong_credentials"
        assert documents[0] == documents[1] == documents[2]

    def test_says_when_to_come_back_once_locked(self, client, ada):
        for _ in range(10):
            sign_in(client, "ada", "wrong", HTTP_X_FORWARDED_FOR="203.0.113.9, 192.0.2.7")

        locked = sign_in(client, HTTP_X_FORWARDED_FOR="192.0.2.7")
        elsewhere = sign_in(client, HTTP_X_FORWARDED_FOR="192.0.2.8")

        assert (locked.status_code, locked.json()["code"]) == (429, "too_many_attempts")
        assert 800 < int(locked["Retry-After"]) <= 900
        assert elsewhere.status_code == 200

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"username": "ada"}, "password"),
            ({"username": "ada", "password": "x", "scope": "all"}, "scope"),
            ({"username": "ada", "password": "x" * 257}, "password"),
            ({"username": "a\x00da", "password": "x"}, "username"),
        ],
    )
    def test_refuses_what_it_does_not_understand(self, client, ada, body, field):
        answer = client.post("/auth/token", body, format="json")

        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])

    def test_looks_at_no_token_that_is_sent_along(self, client, ada):
        assert sign_in(client, HTTP_AUTHORIZATION="Bearer expired").status_code == 200


class TestRefreshSession:
    def test_answers_with_a_new_pair_and_once_only(self, client, ada):
        token = sign_in(client).json()["refresh_token"]

        first = client.post("/auth/refresh", {"refresh_token": token}, format="json")
        second = client.post("/auth/refresh", {"refresh_token": token}, format="json")
        third = client.post("/auth/refresh", {"refresh_token": first.json()["refresh_token"]}, format="json")

        assert (first.status_code, set(first.json())) == (
            200,
            {"access_token", "refresh_token", "token_type", "expires_in"},
        )
        assert (second.status_code, second.json()["code"]) == (401, "session_ended")
        assert third.status_code == 401


class TestEndSession:
    def test_answers_the_same_whether_there_was_a_session(self, client, ada):
        token = sign_in(client).json()["refresh_token"]

        answers = [
            client.post("/auth/revoke", {"refresh_token": given}, format="json") for given in (token, token, "rubbish")
        ]
        refreshed = client.post("/auth/refresh", {"refresh_token": token}, format="json")

        assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
        assert refreshed.status_code == 401
