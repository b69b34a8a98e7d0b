from typing import Any
from uuid import UUID

import pytest
from rest_framework import serializers

from ficus.http.fields import Email, Identifier, Text, Whole


def read(field: serializers.Field, value: Any) -> Any:
    return field.run_validation(value)


def refuses(field: serializers.Field, value: Any) -> bool:
    try:
        field.run_validation(value)
    except serializers.ValidationError:
        return True
    return False


class TestText:
    def test_is_taken_without_the_blanks_around_it(self) -> None:
        assert read(Text(max_length=9), " a fig  ") == "a fig"

    @pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"a": "b"}, None])
    def test_is_a_string_and_nothing_else(self, value: Any) -> None:
        assert refuses(Text(), value)

    @pytest.mark.parametrize("value", ["", " ", "\t", "\x1f", "\x7f", "\u2003", "\ufeff", "a\x00b"])
    def test_says_something_and_no_nul(self, value: str) -> None:
        assert refuses(Text(), value)

    @pytest.mark.parametrize("value", ["", "  "])
    def test_may_be_empty_where_that_is_allowed(self, value: str) -> None:
        assert read(Text(allow_blank=True), value) == ""

    def test_has_no_nul_even_where_it_may_be_empty(self) -> None:
        assert refuses(Text(allow_blank=True), "a\x00")

    def test_is_measured_as_it_was_sent(self) -> None:
        assert refuses(Text(max_length=3), " abc")
        assert read(Text(max_length=4), " abc") == "abc"


class TestEmail:
    @pytest.mark.parametrize("value", ["ada@example.com", "a.d+a@mail.example.co", "x@y.xn--p1ai", "a" * 64 + "@x.com"])
    def test_is_an_address(self, value: str) -> None:
        assert read(Email(), value) == value

    @pytest.mark.parametrize(
        "value", ["ada", "ada@host", "a@-x.com", "a..b@x.com", "ä@x.com", "a@x.com\n", " a@x.com", "a" * 65 + "@x.com"]
    )
    def test_is_nothing_else(self, value: str) -> None:
        assert refuses(Email(), value)


class TestWhole:
    @pytest.mark.parametrize(("value", "taken"), [(7, 7), (-1, -1), (2.0, 2)])
    def test_is_a_whole_number(self, value: float, taken: int) -> None:
        assert read(Whole(), value) == taken

    @pytest.mark.parametrize("value", ["7", True, 1.5, float("inf"), [7], None])
    def test_is_nothing_else(self, value: Any) -> None:
        assert refuses(Whole(), value)


class TestIdentifier:
    def test_is_a_uuid_in_either_case(self) -> None:
        text = "018F4E5C-7d3a-7b21-9c55-0a1b2c3d4e5f"

        assert read(Identifier(), text) == UUID(text)

    @pytest.mark.parametrize(
        "value", [7, "018f4e5c7d3a7b219c550a1b2c3d4e5f", "urn:uuid:018f4e5c-7d3a-7b21-9c55-0a1b2c3d4e5f", "", None]
    )
    def test_is_in_no_other_form(self, value: Any) -> None:
        assert refuses(Identifier(), value)
