import pytest
from rest_framework.test import APIClient

from tests.openapi import commands_without_example, faults_in_examples


@pytest.fixture
def document():
    return APIClient().get("/users/openapi.json").json()


class TestDocument:
    def test_describes_users_alone(self, document):
        assert {path.split("/")[1] for path in document["paths"]} == {"auth", "users"}

    def test_shows_an_example_of_each_command_and_each_is_good(self, document):
        assert commands_without_example(document) == []
        assert faults_in_examples(document) == []

    def test_says_that_signing_in_asks_for_no_token(self, document):
        for path in ("/auth/token", "/auth/refresh", "/auth/revoke"):
            operation = document["paths"][path]["post"]
            assert not any(operation["security"])
            assert "403" not in operation["responses"]
        assert document["paths"]["/auth/token"]["post"]["responses"]["429"]["headers"].keys() == {"Retry-After"}

    def test_names_the_scopes_that_a_token_must_have(self, document):
        assert document["paths"]["/users"]["get"]["x-scopes"] == ["users:read"]
        assert document["paths"]["/users/{user_id}"]["patch"]["x-scopes"] == ["users:write"]
        assert "x-scopes" not in document["paths"]["/users"]["post"]

    def test_says_where_somebody_new_is(self, document):
        created = document["paths"]["/users"]["post"]["responses"]["201"]

        assert created["headers"]["Location"]["required"] is True
