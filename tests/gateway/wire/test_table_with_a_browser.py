"""What an operator does with a browser: preview a change of the table, save it with a reason, and take it back."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from ficus.testing import tokens
from tests.e2e.browsing import chromium
from tests.gateway.wire.conftest import Door
from tests.gateway.wire.waiting import until

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium: apt install chromium")


@pytest.fixture
def page(door: Door, _issuer: Any) -> Iterator[Page]:
    """A page of somebody who is signed in as an admin."""
    signed_in = {"Authorization": f"Bearer {tokens.token(username='root', roles=['admin'])}"}
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1400, "height": 1000}, extra_http_headers=signed_in)
        page = context.new_page()
        page.set_default_timeout(30_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


class TestTable:
    def test_is_previewed_changed_and_gone_back_to(self, door: Door, page: Page) -> None:
        admin = f"http://127.0.0.1:{door.port}/admin/control"
        assert door.ask("GET", "/products").status == 200

        page.goto(f"{admin}/route/?q=/products")
        page.click("#result_list tbody a:has-text('/products')")
        page.fill("input[name=path]", "/goods")
        page.fill("input[name=reason]", "Products are called goods now")
        page.click("button[name=_preview]")

        page.wait_for_selector("[data-change='~ route products']")
        shown = " ".join(page.inner_text("body").split())
        assert "path: /products /goods" in shown
        assert "GET /products at ficus.test (just asked for): orders by products" in shown
        assert door.ask("GET", "/products").status == 200

        page.click("button[name=_confirm]")

        page.wait_for_selector("text=The table is version")
        until(lambda: door.ask("GET", "/products").status == 404)
        assert door.ask("GET", "/goods").status == 200

        page.goto(f"{admin}/revision/")
        assert "Products are called goods now" in page.inner_text("body")
        page.click("#result_list tbody tr >> nth=1 >> a >> nth=0")
        page.click("button[name=_roll_back]")

        page.wait_for_selector("text=Back to version")
        until(lambda: door.ask("GET", "/products").status == 200)
