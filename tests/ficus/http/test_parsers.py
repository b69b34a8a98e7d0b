"""Proves that what comes in is JSON that every reader understands alike (RFC 7493), or is refused."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ficus.http.parsers import read_json

pytestmark = pytest.mark.urls("tests.ficus.http.urls")


class TestReadJson:
    @pytest.mark.parametrize(
        ("raw", "value"),
        [
            (b'{"a": [1, "\\ud83d\\ude00", null]}', {"a": [1, "\U0001f600", None]}),
            ('"ä"'.encode(), "ä"),
            (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        ],
    )
    def test_reads(self, raw: bytes, value: Any) -> None:
        assert read_json(raw) == value

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b'{"a": 1,}',
            b'{"a": 1, "a": 2}',
            b'{"a": NaN}',
            b"Infinity",
            b"-Infinity",
            b'"\\ud800"',
            b'{"\\uD800": 1}',
            b'"\xff"',
            b"1" * 5000,
            b"\xef\xbb\xbf{}",
        ],
    )
    def test_refuses(self, raw: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - json, codecs and ours each have their own kind of it
            read_json(raw)


class TestStrictJSONParser:
    @pytest.mark.parametrize("body", ["{", '{"name": "x", "name": "y"}', "[" * 100_000, '{"name": "\\ud800"}', "NaN"])
    def test_answers_400_to_what_is_no_acceptable_json(self, body: str) -> None:
        response = APIClient().post("/echo", body, content_type="application/json")

        assert response.status_code == 400
        assert response.json()["code"] == "parse_error"
        assert response["Content-Type"] == "application/problem+json"

    def test_answers_413_to_a_body_that_is_too_large(self, settings: Any) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

        response = APIClient().post("/echo", {"name": "x" * 100}, format="json")

        assert response.status_code == 413
        assert response.json()["code"] == "too_large"

    @pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "true"])
    def test_answers_400_to_json_that_is_no_object(self, body: str) -> None:
        response = APIClient().post("/echo", body, content_type="application/json")

        assert response.status_code == 400
        assert response.json()["code"] == "invalid"

    def test_reads_a_body_without_a_declared_charset_as_utf8(self) -> None:
        response = APIClient().post("/echo", '{"name": "Zoë"}'.encode(), content_type="application/json")

        assert response.json()["name"] == "Zoë"
