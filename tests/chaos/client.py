"""One customer at the front door, who asks again until he knows; and how he finds out that he does not know yet."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.chaos.ledger import ASKED, Ledger, Wish
from tests.e2e.people import Person, new_session

# Below the gateway's own deadline nothing is learned by waiting longer.
TIMEOUT_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 1.0


class GivenUp(Exception):
    """The run is over, and this question was never answered."""


@dataclass
class Client:
    """
    Somebody signed in at the front door.

    :ivar giving_up: set when the run ends without waiting any longer.
    """

    url: str
    username: str
    password: str
    ledger: Ledger
    giving_up: threading.Event
    id: str = ""
    refresh_token: str = ""
    session: requests.Session = field(default_factory=new_session)
    _signing_in: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, person: Person, password: str, ledger: Ledger, giving_up: threading.Event) -> "Client":
        client = cls(person.url, person.username, password, ledger, giving_up, person.id, person.refresh_token)
        client.session.headers["Authorization"] = person.session.headers["Authorization"]
        return client

    def place(self, wish: Wish, sku: str, quantity: int) -> None:
        """Order, by the wish's key, until the answer is definite; asked once more, the answer must be the same."""
        body = {"lines": [{"sku": sku, "quantity": quantity}]}
        answer = self.ask("POST", "/orders", body, {"Idempotency-Key": wish.key})
        if answer.status_code == 201:
            wish.order_ids.add(answer.json()["id"])
        elif answer.status_code == 422:
            wish.refused = answer.json()["code"]
        else:
            self.ledger.surprise(f"placing answered {answer.status_code}: {answer.text[:200]}")

    def cancel(self, wish: Wish, order_id: str) -> None:
        wish.cancelled = ASKED
        wish.cancelled = self._move(order_id, "cancel", wanted="CANCELLED")

    def fulfil(self, wish: Wish, order_id: str) -> None:
        wish.fulfilled = ASKED
        wish.fulfilled = self._move(order_id, "fulfil", wanted="FULFILLED")

    def _move(self, order_id: str, move: str, *, wanted: str) -> str:
        """Return ``yes``, or the status that was in the way; to be there already is what was wanted."""
        answer = self.ask("POST", f"/orders/{order_id}/{move}", {})
        if answer.status_code == 200:
            return "yes"
        if answer.status_code == 409:
            present: str = answer.json().get("present_status", "")
            return "yes" if present == wanted else present
        self.ledger.surprise(f"{move} of {order_id} answered {answer.status_code}: {answer.text[:200]}")
        return ASKED

    def ask(self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None) -> requests.Response:
        """
        Ask until the answer is definite.

        :raises GivenUp: if the run ends before.
        """
        while True:
            answer = self._try(method, path, json, headers)
            if answer is not None and answer.status_code == 401 and not path.startswith("/auth"):
                self.sign_in(answer.request.headers["Authorization"])
            elif answer is not None and _is_definite(answer):
                return answer
            else:
                asks_again_in = answer.headers.get("Retry-After", "0.25") if answer is not None else "0.25"
                if self.giving_up.wait(min(float(asks_again_in), LONGEST_PAUSE_SECONDS)):
                    raise GivenUp(f"{method} {path}")

    def sign_in(self, refused: str | None) -> None:
        """Get a new token, unless another thread has done so since; one lasts for minutes, and a run for longer."""
        with self._signing_in:
            if self.session.headers["Authorization"] == refused and not self._refresh():
                self._sign_in()

    def _refresh(self) -> bool:
        """Get a token for the refresh token; not so when an answer was lost, since that one serves once."""
        answer = self.ask("POST", "/auth/refresh", {"refresh_token": self.refresh_token})
        return answer.status_code == 200 and self._take(answer)

    def _sign_in(self) -> None:
        credentials = {"username": self.username, "password": self.password}
        answer = self.ask("POST", "/auth/token", credentials)
        if answer.status_code == 200:
            self._take(answer)
        else:
            self.ledger.surprise(f"signing in answered {answer.status_code}: {answer.text[:200]}")
            time.sleep(LONGEST_PAUSE_SECONDS)

    def _take(self, answer: requests.Response) -> bool:
        tokens = answer.json()
        self.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self.refresh_token = tokens["refresh_token"]
        return True

    def _try(self, method: str, path: str, json: Any, headers: dict[str, str] | None) -> requests.Response | None:
        try:
            answer = self.session.request(method, self.url + path, json=json, headers=headers, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            self.ledger.count(type(error).__name__)
            return None
        self.ledger.count(str(answer.status_code))
        return answer


def _is_definite(answer: requests.Response) -> bool:
    """Return whether asking again would tell no more: not so for what failed, is busy, or is still running."""
    if answer.status_code == 409:
        return bool(answer.json().get("code") != "request_in_progress")
    return answer.status_code < 500 and answer.status_code not in (408, 425, 429)
