"""Proves that whatever goes wrong is answered as problem+json (RFC 9457), and gives nothing away."""

import json
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from ficus.errors import Conflict, Refused
from ficus.http.problem_document import of_error, problem_document
from ficus.http.problems import fold_errors
from ficus.telemetry import tracing

pytestmark = pytest.mark.urls("tests.ficus.http.urls")


@pytest.fixture
def client() -> APIClient:
    return APIClient(raise_request_exception=False)


def problem_of(response: Any) -> dict[str, Any]:
    """Return the document, after making sure that it is one."""
    assert response["Content-Type"] == "application/problem+json"
    document = json.loads(response.content)
    assert document["status"] == response.status_code
    assert document["request_id"] == response["X-Request-ID"]
    assert {"type", "title", "status", "detail", "instance", "code"} <= document.keys()
    return dict(document)


class TestDomainErrors:
    def test_render_themselves(self, client: APIClient) -> None:
        response = client.get("/fail/not_found", HTTP_X_REQUEST_ID="r-1")

        assert response.status_code == 404
        assert problem_of(response) == {
            "type": "urn:ficus:problem:not_found",
            "title": "Not found",
            "status": 404,
            "detail": "no such shelf",
            "instance": "/fail/not_found",
            "code": "not_found",
            "shelf": 7,
            "request_id": "r-1",
        }

    def test_cannot_replace_the_standard_members(self, client: APIClient) -> None:
        document = problem_of(client.get("/fail/conflict"))

        assert (document["status"], document["present"]) == (409, "open")
        assert document["request_id"] != "spoofed"

    @pytest.mark.parametrize(
        ("kind", "status", "code", "header"),
        [
            ("invalid", 400, "invalid", None),
            ("unauthorized", 401, "unauthorized", ("WWW-Authenticate", 'Bearer realm="ficus"')),
            ("refused", 422, "out_of_paper", None),
            ("unavailable", 503, "unavailable", ("Retry-After", "1")),
            ("database", 503, "database_unavailable", ("Retry-After", "1")),
            ("domain", 500, "error", None),
        ],
    )
    def test_have_their_status_and_headers(
        self, client: APIClient, kind: str, status: int, code: str, header: tuple[str, str] | None
    ) -> None:
        response = client.get(f"/fail/{kind}")

        assert response.status_code == status
        assert problem_of(response)["code"] == code
        assert header is None or response[header[0]] == header[1]


class TestRestErrors:
    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [("http404", 404, "not_found"), ("django_denied", 403, "permission_denied"), ("throttled", 429, "throttled")],
    )
    def test_are_problems(self, client: APIClient, kind: str, status: int, code: str) -> None:
        response = client.get(f"/fail/{kind}")

        assert response.status_code == status
        assert problem_of(response)["code"] == code

    def test_say_when_to_come_back(self, client: APIClient) -> None:
        assert client.get("/fail/throttled")["Retry-After"] == "7"

    def test_405_names_the_methods_that_are_allowed(self, client: APIClient) -> None:
        response = client.delete("/echo")

        assert response.status_code == 405
        assert response["Allow"] == "POST, OPTIONS"
        assert problem_of(response)["code"] == "method_not_allowed"

    def test_406_where_no_form_of_the_answer_is_acceptable(self, client: APIClient) -> None:
        response = client.get("/rows", HTTP_ACCEPT="application/xml")

        assert response.status_code == 406
        assert problem_of(response)["code"] == "not_acceptable"

    def test_415_for_a_body_of_another_kind(self, client: APIClient) -> None:
        response = client.post("/echo", "name=x", content_type="application/x-www-form-urlencoded")

        assert response.status_code == 415
        assert problem_of(response)["code"] == "unsupported_media_type"

    def test_400_names_each_field_that_is_wrong_by_its_path(self, client: APIClient) -> None:
        lines = [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 0}, {"quantity": 1}]

        response = client.post("/echo", {"name": "x" * 30, "lines": lines}, format="json")

        assert response.status_code == 400
        assert problem_of(response)["errors"] == {
            "name": ["Ensure this field has no more than 20 characters."],
            "lines.1.quantity": ["Ensure this value is greater than or equal to 1."],
            "lines.2.sku": ["This field is required."],
        }

    def test_400_names_no_field_where_none_is_to_blame(self, client: APIClient) -> None:
        document = problem_of(client.get("/fail/validation_text"))

        assert document["errors"] == {"non_field_errors": ["not together"]}
        assert document["detail"] == "not together"


class TestOutsideRestViews:
    def test_a_path_that_does_not_exist(self, client: APIClient) -> None:
        response = client.get("/nowhere")

        assert response.status_code == 404
        assert problem_of(response)["instance"] == "/nowhere"

    @pytest.mark.parametrize(("kind", "status"), [("denied", 403), ("suspicious", 400), ("bug", 500)])
    def test_what_django_answers(self, client: APIClient, kind: str, status: int) -> None:
        response = client.get(f"/plain/{kind}")

        assert response.status_code == status
        assert "secret" not in json.dumps(problem_of(response))

    def test_a_bug_in_a_rest_view_says_nothing_of_the_house(self, client: APIClient) -> None:
        response = client.get("/fail/bug")

        assert response.status_code == 500
        assert problem_of(response)["code"] == "internal_server_error"
        assert b"secret" not in response.content

    def test_a_bug_reaches_whoever_watches(self) -> None:
        with pytest.raises(RuntimeError, match="secret of the house"):
            Client().get("/fail/bug")

    def test_a_host_that_is_not_ours(self, client: APIClient) -> None:
        assert client.get("/rows", HTTP_HOST="evil.example").status_code == 400

    def test_a_form_that_another_site_sent(self) -> None:
        response = Client(enforce_csrf_checks=True).post("/plain/denied")

        assert response.status_code == 403
        assert problem_of(response)["code"] == "forbidden"

    def test_is_a_page_for_a_browser(self, client: APIClient) -> None:
        response = client.get("/nowhere", HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")

        assert response["Content-Type"] == "text/html; charset=utf-8"
        assert b"<h1>404 Not Found</h1>" in response.content


class TestFoldErrors:
    def test_reads_errors_of_lists_whether_by_number_or_in_order(self) -> None:
        by_number = {"lines": {1: {"sku": ["Unknown."]}}}
        in_order = {"lines": [{}, {"sku": ["Unknown."]}]}

        assert fold_errors(by_number) == fold_errors(in_order) == {"lines.1.sku": ["Unknown."]}

    def test_keeps_several_messages_of_a_field(self) -> None:
        assert fold_errors({"name": ["Too long.", "Taken."]}) == {"name": ["Too long.", "Taken."]}

    def test_takes_a_message_alone(self) -> None:
        assert fold_errors(["Not together."]) == {"non_field_errors": ["Not together."]}


class TestProblemDocument:
    def test_needs_no_more_than_a_status(self) -> None:
        assert problem_document(404, instance="/x") == {
            "type": "urn:ficus:problem:not_found",
            "title": "Not Found",
            "status": 404,
            "detail": "Not Found",
            "instance": "/x",
            "code": "not_found",
        }

    def test_renders_an_error_of_an_app(self) -> None:
        class IllegalMove(Conflict):
            code, title = "illegal_move", "Illegal move"

        document = of_error(IllegalMove(present="FULFILLED"), instance="/orders/1")

        assert (document["status"], document["code"], document["detail"], document["present"]) == (
            409,
            "illegal_move",
            "Illegal move",
            "FULFILLED",
        )

    def test_carries_the_trace_id_while_a_trace_runs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tracing, "current_ids", lambda: ("a1" * 16, "b2" * 8))

        assert of_error(Refused())["trace_id"] == "a1" * 16
