import time

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from ficus.http.preferences import mark_applied, preferences, wait_seconds


class TestPreferences:
    @pytest.mark.parametrize(
        ("header", "found"),
        [
            ("wait=2", {"wait": "2"}),
            ("respond-async, wait=2", {"respond-async": "", "wait": "2"}),
            ('wait="2"', {"wait": "2"}),
            ("Wait = 2", {"wait": "2"}),
            ("wait=2; foo=bar, other", {"wait": "2", "other": ""}),
            ('handling="a, wait=9", wait=2', {"handling": "a, wait=9", "wait": "2"}),
            ("wait=2, wait=9", {"wait": "2"}),
            (",, ,wait=2,", {"wait": "2"}),
            ("", {}),
        ],
    )
    def test_are_read_as_rfc_7240_writes_them(self, header: str, found: dict[str, str]) -> None:
        assert preferences(RequestFactory().get("/", HTTP_PREFER=header)) == found

    @given(st.text(max_size=2000))
    def test_never_fail_whatever_is_written(self, header: str) -> None:
        assert isinstance(preferences(RequestFactory().get("/", HTTP_PREFER=header)), dict)

    def test_are_read_in_little_time_whatever_is_written(self) -> None:
        request = RequestFactory().get("/", HTTP_PREFER='a="' + "\\" * 50_000 + "," * 50_000)
        began = time.process_time()

        preferences(request)

        assert time.process_time() - began < 1


class TestWaitSeconds:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [("wait=2", 2), ("wait=0", 0), ("wait=10", 10), ("wait=600", 10)],
    )
    def test_is_what_was_asked_for_up_to_ten_seconds(self, header: str, seconds: int) -> None:
        assert wait_seconds(RequestFactory().get("/", HTTP_PREFER=header)) == seconds

    @pytest.mark.parametrize(
        "header", ["wait", "wait=", "wait=x", "wait=-1", "wait=1.5", "respond-async", "wait=" + "9" * 30]
    )
    def test_is_none_where_it_is_not_asked_for_or_makes_no_sense(self, header: str) -> None:
        assert wait_seconds(RequestFactory().get("/", HTTP_PREFER=header)) is None


class TestMarkApplied:
    def test_says_what_was_honoured(self) -> None:
        response = HttpResponse()

        mark_applied(response, wait=2)

        assert response["Preference-Applied"] == "wait=2"
