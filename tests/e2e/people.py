"""Those who use the system from outside: signed in, with a session of their own at the front door."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter

PASSWORD = "a-fig-a-day-keeps"
UNDECIDED = (409, 429, 502, 503, 504)
PATIENCE_SECONDS = 180.0


@dataclass
class Person:
    """
    Somebody with an access token.

    :ivar id: the user's UUID.
    :ivar refresh_token: what a new access token is to be had for, once.
    """

    url: str
    id: str
    username: str
    session: requests.Session
    refresh_token: str

    @classmethod
    def sign_in(cls, url: str, username: str, password: str) -> Self:
        session = new_session()
        answer = _decided(lambda: session.post(f"{url}/auth/token", json={"username": username, "password": password}))
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        profile = _decided(lambda: session.get(f"{url}/users/me"))
        assert profile.status_code == 200, profile.text
        return cls(url, profile.json()["id"], username, session, tokens["refresh_token"])

    @classmethod
    def join(cls, url: str) -> Self:
        """Register somebody new, with the credit that everybody is granted on joining."""
        name = f"guest-{uuid4().hex[:12]}"
        person = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        with new_session() as session:
            answer = _decided(lambda: session.post(f"{url}/users", json=person, headers={"Idempotency-Key": name}))
        assert answer.status_code == 201, answer.text
        return cls.sign_in(url, name, PASSWORD)

    def get(self, path: str, **request: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=30, **request)

    def post(self, path: str, json: Any = None, **request: Any) -> requests.Response:
        return self.session.post(self.url + path, json={} if json is None else json, timeout=30, **request)

    def place(self, sku: str, quantity: int = 1, *, key: str = "", wait: int = 0) -> requests.Response:
        """Order ``quantity`` pieces of ``sku``, under an idempotency key of its own unless one is given."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        if wait:
            headers["Prefer"] = f"wait={wait}"
        return self.post("/orders", {"lines": [{"sku": sku, "quantity": quantity}]}, headers=headers)

    def place_surely(self, sku: str, quantity: int = 1) -> requests.Response:
        """Order as a careful client does: ask again by the same key while the outcome is unknown or the house full."""
        key = str(uuid4())
        return _decided(lambda: self.place(sku, quantity, key=key))

    def move_surely(self, order_id: str, move: str, to: str) -> None:
        """Ask until the order stands where ``cancel`` or ``fulfil`` takes it: an answer that was lost is no refusal."""

        def stand_or_move() -> requests.Response:
            order = self.get(f"/orders/{order_id}")
            return order if order.json().get("status") in (to, None) else self.post(f"/orders/{order_id}/{move}")

        answer = _decided(stand_or_move)
        assert (answer.status_code, answer.json().get("status")) == (200, to), answer.text

    def orders(self) -> list[dict[str, Any]]:
        """Return all of this person's orders, newest first, page by page."""
        found: list[dict[str, Any]] = []
        path = f"/orders?limit=100&customer_id={self.id}"
        while path:
            page = self.get(path).json()
            found += page["results"]
            path = (page["next"] or "").removeprefix(self.url)
        return found

    def order(self, order_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.get(f"/orders/{order_id}").json()
        return answer

    def credit(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.get(f"/users/{self.id}/credit").json()
        return answer

    def entries(self) -> list[tuple[str, str]]:
        """Return what happened to the credit for orders, as (kind, order's id), newest first."""
        path, found = f"/users/{self.id}/credit/entries?limit=100", []
        while path:
            page = self.get(path).json()
            found += [(entry["kind"], entry["order_id"]) for entry in page["results"] if entry["order_id"]]
            path = (page["next"] or "").removeprefix(self.url)
        return found

    def history(self, order_id: str) -> list[str]:
        """Return the types of an order's events, oldest first."""
        return [event["type"] for event in self.get(f"/orders/{order_id}/history").json()["results"]]


def _decided(ask: Callable[[], requests.Response]) -> requests.Response:
    """
    Ask until the answer is known, for some minutes at most; each question must be one that may be asked again.

    :raises requests.RequestException: if at last there is no answer at all.
    """
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        in_time = time.monotonic() < give_up_at
        try:
            answer = ask()
            if answer.status_code not in UNDECIDED or not in_time:
                return answer
            pause = float(answer.headers.get("Retry-After", 0.2))
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            if not in_time:
                raise
            pause = 0.2
        time.sleep(min(pause, 1.0))


def new_session() -> requests.Session:
    """Return a session for many threads: enough connections, and none of the machine's proxies."""
    session = requests.Session()
    session.trust_env = False
    session.headers["Accept"] = "application/json"
    session.mount("http://", HTTPAdapter(pool_maxsize=256))
    return session
