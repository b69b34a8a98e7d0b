import json
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

pytestmark = pytest.mark.urls("tests.ficus.http.urls")

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture
def document() -> Any:
    response = APIClient().get("/openapi.json")
    assert response.status_code == 200
    return json.loads(response.content)


class TestDocument:
    def test_passes_the_generators_own_check_without_a_warning(self, tmp_path: Any) -> None:
        call_command(
            "spectacular", urlconf="tests.ficus.http.urls", validate=True, fail_on_warn=True, file=str(tmp_path / "api")
        )

        assert (tmp_path / "api").read_text().startswith("openapi: 3.")

    def test_names_each_path_once_and_without_a_slash(self, document: Any) -> None:
        assert sorted(document["paths"]) == ["/echo", "/rows", "/rows/{row_id}", "/things"]

    def test_says_what_every_operation_answers_when_something_goes_wrong(self, document: Any) -> None:
        answers = document["paths"]["/rows/{row_id}"]["get"]["responses"]

        assert list(answers) == ["200", "400", "401", "403", "404", "406", "409", "503", "504"]
        assert answers["401"] == {"$ref": "#/components/responses/Unauthorized"}
        assert answers["409"]["description"] == "It is being written."
        assert answers["409"]["content"] == PROBLEM

    def test_says_once_what_several_operations_answer_alike(self, document: Any) -> None:
        shared = document["components"]["responses"]

        assert all(each["content"] == PROBLEM for each in shared.values())
        assert shared["Unauthorized"]["headers"] == {
            "WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}
        }
        assert list(shared["Unavailable"]["headers"]) == ["Retry-After"]

    def test_says_what_can_be_wrong_with_a_body(self, document: Any) -> None:
        answers = document["paths"]["/echo"]["post"]["responses"]

        assert list(answers) == ["201", "400", "401", "403", "406", "413", "415", "503", "504"]

    def test_says_what_a_key_leads_to(self, document: Any) -> None:
        answers = document["paths"]["/things"]["post"]["responses"]

        assert {"409", "422"} <= set(answers)
        assert answers["201"]["headers"]["Idempotency-Replayed"]["schema"]["enum"] == ["true"]

    def test_allows_a_command_no_other_fields_than_its_own(self, document: Any) -> None:
        command = document["components"]["schemas"]["MakeThing"]

        assert command["additionalProperties"] is False
        assert "description" not in command

    def test_is_not_sent_again_to_whoever_has_it(self) -> None:
        first = APIClient().get("/openapi.json")

        second = APIClient().get("/openapi.json", headers={"If-None-Match": first["ETag"]})

        assert (second.status_code, second.content) == (304, b"")
        assert second["ETag"] == first["ETag"]

    @pytest.mark.parametrize("method", ["put", "post", "delete"])
    def test_is_there_to_be_read_alone(self, method: str) -> None:
        answer = getattr(APIClient(enforce_csrf_checks=True), method)("/openapi.json")

        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")

    def test_asks_for_a_bearer_token(self, document: Any) -> None:
        assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
        assert document["paths"]["/rows/{row_id}"]["get"]["security"] == [{"bearer": []}]

    def test_gives_the_shape_of_a_page(self, document: Any) -> None:
        operation = document["paths"]["/rows"]["get"]

        assert [parameter["name"] for parameter in operation["parameters"]] == ["cursor", "limit"]
        page = document["components"]["schemas"]["PaginatedRowList"]
        assert page["required"] == ["next", "previous", "results"]

    def test_declares_the_key_and_the_preference(self, document: Any) -> None:
        parameters = {p["name"]: p for p in document["paths"]["/things"]["post"]["parameters"]}

        assert parameters["Idempotency-Key"]["required"] is True
        assert parameters["Idempotency-Key"]["schema"]["maxLength"] == 255
        assert parameters["Prefer"]["in"] == "header"
