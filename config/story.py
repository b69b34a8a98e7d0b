"""``make demo``: the story of one order, told through the front door as a customer would live it."""

import sys
import time
from typing import Any
from uuid import uuid4

import requests

from config.addresses import Addresses, env
from config.demo import demo_password
from ficus.configuration.environment import ConfigurationError

CUSTOMER = "ada"
PATIENCE_SECONDS = 10.0
CANNOT = 2


class StoryEnds(Exception):
    """The story cannot be told to its end; the message is one line that says why."""


class FrontDoor:
    """The API as one signed-in customer sees it."""

    def __init__(self, url: str, ca: str = "") -> None:
        """:param ca: the file of the authority that vouches for it, if the system's does not."""
        self.url = url
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        self._session.trust_env = False
        self._session.verify = ca or True

    def sign_in(self, username: str, password: str) -> None:
        pair = self.call("POST", "/auth/token", json={"username": username, "password": password})
        self._session.headers["Authorization"] = f"Bearer {pair['access_token']}"

    def call(self, method: str, path: str, **request: Any) -> Any:
        """:raises StoryEnds: if nobody answers, or the answer is an error."""
        try:
            answer = self._session.request(method, self.url + path, timeout=15, **request)
        except requests.exceptions.SSLError as error:
            raise StoryEnds(f"what answers at {self.url} cannot be believed: {error}") from None
        except requests.RequestException:
            raise StoryEnds(f"nothing answers at {self.url}; start the system with `make up` first") from None
        if not answer.ok:
            raise StoryEnds(f"{method} {path} answered {answer.status_code}: {answer.text.strip()[:300]}")
        return answer.json()


def tell(front_door: FrontDoor, password: str) -> None:
    """Live through one order and say each step."""
    front_door.sign_in(CUSTOMER, password)
    say(f"{CUSTOMER} signs in at {front_door.url}")

    products = front_door.call("GET", "/products?limit=100")["results"]
    products = sorted(products, key=lambda product: product["unit_price"])[:3]
    say("looks for something cheap in the catalogue")
    for product in products:
        detail(f"{product['sku']:<12} {product['name']:<36} {money(product['unit_price'], product['currency'])}")

    lines = [{"sku": product["sku"], "quantity": 1} for product in products[:2]]
    say("orders one each of the first two")
    order = front_door.call("POST", "/orders", json={"lines": lines}, headers={"Idempotency-Key": str(uuid4())})
    detail(f"order {order['id']} is {order['status']}, total {money(order['total'], order['currency'])}")

    say("waits while users reserves the credit")
    order = outcome(front_door, order["id"])
    detail(f"order {order['id']} is {order['status']}{' ' + order['reason'] if order['reason'] else ''}")

    say("reads its history")
    for event in front_door.call("GET", f"/orders/{order['id']}/history")["results"]:
        detail(f"{event['version']}  {event['at']}  {event['type']}")

    credit = front_door.call("GET", "/me")["credit"]
    say("looks at the credit")
    detail("  ".join(f"{name} {money(credit[name], credit['currency'])}" for name in ("available", "held", "captured")))
    if order["status"] != "CONFIRMED":
        raise StoryEnds(f"the order ended as {order['status']}, not as CONFIRMED")


def outcome(front_door: FrontDoor, order_id: str) -> Any:
    """Return the order once it has been decided, or as it is when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        order = front_door.call("GET", f"/orders/{order_id}")
        if order["status"] != "PENDING" or time.monotonic() > deadline:
            return order
        time.sleep(0.1)


def money(minor_units: int, currency: str) -> str:
    return f"{minor_units // 100}.{minor_units % 100:02} {currency}"


def say(text: str) -> None:
    print(f"- {text}")


def detail(text: str) -> None:
    print(f"    {text}")


def main() -> int:
    try:
        password = demo_password(env)
        at = Addresses.read(env)
        url = env.str("PUBLIC_URL", f"{at.scheme}://{at.gateway}")
        env.seal()
        if password is None:
            raise StoryEnds("there are demo people in development alone: set FICUS_ENV=development")
        tell(FrontDoor(url, at.asking_as.ca if at.asking_as else ""), password)
    except (KeyError, TypeError, IndexError) as error:
        print(f"make demo: what answers at {url} is not Ficus as it is described: {error!r}", file=sys.stderr)
        return CANNOT
    except (StoryEnds, ConfigurationError) as error:
        print(f"make demo: {error}", file=sys.stderr)
        return CANNOT
    return 0


if __name__ == "__main__":
    sys.exit(main())
