import re
from typing import Any

import pytest
from rest_framework.test import APIClient

from ficus.testing import tokens

pytestmark = [pytest.mark.urls("tests.ficus.http.urls"), pytest.mark.django_db]


def browse(path: str, **headers: Any) -> str:
    response = APIClient().get(path, HTTP_ACCEPT="text/html", **headers)
    assert response["Content-Type"] == "text/html; charset=utf-8"
    return str(response.content.decode())


class TestBrowsableRenderer:
    def test_leads_a_stranger_to_the_front_door_and_back(self, settings: Any) -> None:
        assert f'href="{settings.PUBLIC_URL}/login?next=%2Frows%3Flimit%3D1"' in browse("/rows?limit=1")

    def test_names_whoever_is_signed_in_and_shows_the_way_out(self, settings: Any) -> None:
        page = browse("/rows", **tokens.bearer(username="ada"))

        assert "ada" in page
        assert f'href="{settings.PUBLIC_URL}/logout"' in page
        assert "/login" not in page

    def test_offers_a_form_that_sends_json_with_a_key(self) -> None:
        page = browse("/things")

        assert re.search(r'<form action="/things" method="POST"', page)
        assert '<option value="application/json" selected>' in page
        assert re.search(r'<meta name="idempotency-key" content="[0-9a-f-]{36}">', page)
        assert "&quot;name&quot;: &quot;&quot;" in page

    def test_keeps_the_service_s_prefix_on_static_files(self, settings: Any) -> None:
        assert f'src="{settings.STATIC_URL}ficus/http/browsable.js"' in browse("/rows")

    def test_asks_no_other_host_for_anything(self, settings: Any) -> None:
        page = browse("/rows")

        hosts = set(re.findall(r'(?:src|href|action)="(?:https?:)?(//[^/"]+)', page))
        assert hosts <= {settings.PUBLIC_URL.partition(":")[2], "//testserver"}

    def test_shows_a_problem_as_a_page(self) -> None:
        page = browse("/rows/0198a1b2-0000-7000-8000-000000000001")

        assert "HTTP 401 Unauthorized" in page
        assert "not_authenticated" in page

    def test_shows_names_as_text(self) -> None:
        assert "<script>x" not in browse("/rows", **tokens.bearer(username="<script>x</script>"))
