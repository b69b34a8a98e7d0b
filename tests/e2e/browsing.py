"""A headless Chromium before the front door, which notices whatever a page asks of any other host."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """
    One person's visit with a browser of his own, signed in or not.

    :ivar strays: addresses outside the front door that pages asked for.
    :ivar faults: errors of scripts, and answers of 500 and above.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.strays: list[str] = []
        self.faults: list[str] = []
        self._context = browser.new_context(viewport={"width": 1400, "height": 1000})
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("request", lambda request: self._note_stray(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "response",
            lambda answer: self.faults.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
        )

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sign_in(self, username: str, password: str) -> None:
        """Fill in the form that the page shows."""
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "/login" not in url)

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def text(self) -> str:
        return self.page.inner_text("body")

    def close(self) -> None:
        self._context.close()

    def _note_stray(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:", "about:")):
            self.strays.append(address)
