"""Proves that pages neither repeat nor lose a row, whatever is added and removed meanwhile."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from ficus.http.models import KeptAnswer

pytestmark = [pytest.mark.urls("tests.ficus.http.urls"), pytest.mark.django_db]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def add(*keys: str, at: datetime = NOON) -> None:
    KeptAnswer.objects.bulk_create(
        KeptAnswer(subject="", route="r", key=key, fingerprint="", status=200, body="", kept_at=at, expires_at=at)
        for key in keys
    )


def get(url: str) -> Any:
    response = APIClient().get(url)
    assert response.status_code == 200, response.content
    return response.json()


def keys_of(page: Any) -> list[str]:
    return [row["key"] for row in page["results"]]


def pages(url: str, link: str = "next") -> Iterator[Any]:
    while url:
        page = get(url)
        yield page
        url = page[link]


class TestKeysetPagination:
    def test_walks_through_all_rows_once_in_order_though_many_share_an_instant(self) -> None:
        for minute in range(3):
            add(*(f"{minute}-{number}" for number in range(7)), at=NOON + timedelta(minutes=minute))

        walked = [keys_of(page) for page in pages("/rows?limit=5")]

        assert [len(page) for page in walked] == [5, 5, 5, 5, 1]
        assert list(chain.from_iterable(walked)) == [
            f"{minute}-{number}" for minute in (2, 1, 0) for number in range(6, -1, -1)
        ]

    def test_walks_back_the_same_way(self) -> None:
        add(*(f"{number:02}" for number in range(12)))
        forward = list(pages("/rows?limit=5"))

        back = list(pages(forward[-1]["previous"], "previous"))

        assert [keys_of(page) for page in back] == [keys_of(page) for page in forward[-2::-1]]
        assert back[-1]["previous"] is None
        assert back[-1]["next"] is not None

    def test_neither_repeats_nor_loses_a_row_when_rows_come_and_go(self) -> None:
        add(*(f"{number}" for number in range(9)))
        first = get("/rows?limit=3")

        add("newer", at=NOON + timedelta(hours=1))
        KeptAnswer.objects.filter(key__in=["6", "8"]).delete()
        second = get(first["next"])

        assert keys_of(first) == ["8", "7", "6"]
        assert keys_of(second) == ["5", "4", "3"]

    def test_shows_what_came_on_top_when_going_back(self) -> None:
        add(*(f"{number}" for number in range(4)))
        second = get(get("/rows?limit=2")["next"])

        add("newer", at=NOON + timedelta(hours=1))
        back = get(second["previous"])

        assert keys_of(back) == ["3", "2"]
        assert keys_of(get(back["previous"])) == ["newer"]

    def test_has_no_links_where_one_page_holds_all(self) -> None:
        add("a", "b")

        assert get("/rows?limit=2") | {"results": []} == {"next": None, "previous": None, "results": []}

    def test_is_empty_where_there_is_nothing(self) -> None:
        assert get("/rows") == {"next": None, "previous": None, "results": []}

    def test_shows_twenty_rows_unless_told(self) -> None:
        add(*(f"{number}" for number in range(21)))

        assert len(keys_of(get("/rows"))) == 20

    def test_orders_upwards_where_the_view_says_so(self) -> None:
        add("b", "c", "a")

        assert [keys_of(page) for page in pages("/oldest?limit=2")] == [["a", "b"], ["c"]]

    def test_keeps_the_rest_of_the_query_in_its_links(self) -> None:
        add("a", "b")

        assert "limit=1" in get("/rows?limit=1&status=x")["next"]
        assert "status=x" in get("/rows?limit=1&status=x")["next"]

    def test_links_to_the_address_that_the_client_used(self) -> None:
        add("a", "b")

        page = APIClient().get("/rows?limit=1", HTTP_HOST="127.0.0.1:8002", HTTP_X_FORWARDED_HOST="localhost:8000")

        assert page.json()["next"].startswith("http://localhost:8000/rows?")

    def test_asks_the_database_once_and_for_one_row_more_than_it_shows(self) -> None:
        add(*(f"{number}" for number in range(9)))
        second = get("/rows?limit=3")["next"]

        with CaptureQueriesContext(
            connection,
        ) as queries:
            get(second)

        assert len(queries) == 1
        assert "LIMIT 4" in queries[0]["sql"]


class TestRefusals:
    @pytest.mark.parametrize("limit", ["0", "-1", "101", "x", "", "1.5", "1e1", "9" * 5000, "٣"])
    def test_a_limit_that_is_no_number_from_1_to_100(self, limit: str) -> None:
        response = APIClient().get("/rows", {"limit": limit})

        assert response.status_code == 400
        assert response.json()["errors"] == {"limit": ["A whole number from 1 to 100."]}

    @pytest.mark.parametrize(
        "value",
        [
            [],
            {},
            ["<"],
            [">", "2026-11-21T12:00:00+00:00"],
            [">", "2026-11-21T12:00:00+00:00", "1", "1"],
            [">", "2026-11-21T12:00:00", "1"],
            [">", "2026-11-21", "1"],
            [">", "yesterday", "1"],
            [">", "2026-11-21T12:00:00+00:00", "x"],
            [">", "2026-11-21T12:00:00+00:00", 1],
            [">", "2026-11-21T12:00:00+00:00", None],
            [">", "2026-11-21T12:00:00+00:00", "\x00"],
            [">", "9999-12-31T23:59:59-23:59", "1"],
            ["=", "2026-11-21T12:00:00+00:00", "1"],
        ],
    )
    def test_a_cursor_that_is_none_of_ours(self, value: Any) -> None:
        cursor = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

        response = APIClient().get("/rows", {"cursor": cursor})

        assert response.status_code == 400
        assert response.json()["errors"] == {"cursor": ["Invalid cursor."]}

    @pytest.mark.parametrize("cursor", ["x", "é", "=", "A" * 5000, "!!!!", "W" * 900])
    def test_a_cursor_that_is_no_cursor(self, cursor: str) -> None:
        assert APIClient().get("/rows", {"cursor": cursor}).status_code == 400

    def test_takes_a_number_beyond_the_columns_range_for_the_end_of_the_list(self) -> None:
        add("a")
        value = [">", "2026-11-21T12:00:00+00:00", "9" * 30]
        cursor = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

        assert APIClient().get("/rows", {"cursor": cursor}).status_code == 200

    @given(st.text(alphabet=st.characters(codec="ascii"), max_size=60))
    def test_never_fails_whatever_the_cursor(self, cursor: str) -> None:
        assert APIClient().get("/rows", {"cursor": cursor}).status_code in (200, 400)
