"""Many customers at a steady rate: they place orders, some over their limit, cancel some and have some fulfilled."""

import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import count
from uuid import UUID

from tests.chaos.client import Client, GivenUp
from tests.chaos.ledger import Ledger, Wish
from tests.e2e.people import PASSWORD, Person
from tests.e2e.system import DEMO_PASSWORD, System

# As many as can wait for an answer at a time before the rate drops.
THREADS = 20
RICH, POOR = 8, 2
GRANT = 10**9
# Shares of what customers do.
PLACES = 0.85
ASKS_AGAIN = 0.05
REGRETS_AT_ONCE = 0.08
IS_GREEDY = 0.04
# Orders are left alone for so long before somebody cancels or fulfils them, in seconds.
LEFT_ALONE_SECONDS = 3.0


class Crowd:
    """
    :ivar ledger: what they were told so far.
    """

    def __init__(self, system: System, *, seed: int, rate: float) -> None:
        self.ledger = Ledger()
        self.giving_up = threading.Event()
        self._seed, self._beat = seed, Beat(rate)
        self._leaving = threading.Event()
        self._products = system.products()
        olga = system.demo_person("olga")
        self._operator = Client.of(olga, DEMO_PASSWORD, self.ledger, self.giving_up)
        self._people = [Person.join(system.url) for _ in range(RICH + POOR)]
        for person in self._people[:RICH]:
            granted = olga.post(f"/users/{person.id}/credit/grants", {"amount": GRANT, "reason": "to break things"})
            assert granted.status_code == 201, granted.text
        self._clients = [Client.of(person, PASSWORD, self.ledger, self.giving_up) for person in self._people]
        self._threads = [threading.Thread(target=self._live, args=(number,), daemon=True) for number in range(THREADS)]

    @property
    def customer_ids(self) -> list[str]:
        return [person.id for person in self._people]

    def enter(self) -> None:
        self._beat.begin()
        for thread in self._threads:
            thread.start()

    def leave(self) -> None:
        """Have nobody begin anything more; what was begun is asked for until the answer is definite."""
        self._leaving.set()

    @property
    def is_waiting(self) -> bool:
        """Return whether somebody still waits for a definite answer."""
        return any(thread.is_alive() for thread in self._threads)

    def give_up(self) -> None:
        """Have everybody go home, whether or not they know."""
        self._leaving.set()
        self.giving_up.set()
        for thread in self._threads:
            thread.join()

    def _live(self, number: int) -> None:
        client = self._clients[number % len(self._clients)]
        customer = Customer(client, self._operator, self._products, random.Random(f"{self._seed} {number}"))
        while self._beat.wait(self._leaving):
            try:
                customer.act()
            except GivenUp:
                return
            except Exception as error:  # a customer who falls silent must be seen
                self.ledger.surprise(f"a customer met {error!r}")


class Customer:
    """What one thread does, as its chance decides."""

    def __init__(
        self, client: Client, operator: Client, products: Sequence[dict[str, object]], chance: random.Random
    ) -> None:
        self._client, self._operator, self._chance = client, operator, chance
        self._products = sorted(products, key=lambda product: str(product["unit_price"]).zfill(12))
        self._placed: deque[tuple[float, Wish]] = deque(maxlen=200)
        self._keys = (str(UUID(int=chance.getrandbits(128))) for _ in count())

    def act(self) -> None:
        has_old = bool(self._placed) and self._placed[0][0] < time.monotonic() - LEFT_ALONE_SECONDS
        if has_old and self._chance.random() > PLACES:
            self._end(self._placed.popleft()[1])
        else:
            self._place()

    def _place(self) -> None:
        wish = self._client.ledger.wish(next(self._keys), self._client.id)
        greedy = self._chance.random() < IS_GREEDY
        product = self._products[-1] if greedy else self._chance.choice(self._products[:10])
        quantity = 1000 if greedy else self._chance.randint(1, 3)
        self._client.place(wish, str(product["sku"]), quantity)
        if self._chance.random() < ASKS_AGAIN:
            self._client.place(wish, str(product["sku"]), quantity)
        if not wish.order_ids:
            return
        if self._chance.random() < REGRETS_AT_ONCE:
            self._client.cancel(wish, min(wish.order_ids))
        else:
            self._placed.append((time.monotonic(), wish))

    def _end(self, wish: Wish) -> None:
        order_id = min(wish.order_ids)
        if self._chance.random() < 0.5:
            self._client.cancel(wish, order_id)
        else:
            self._operator.fulfil(wish, order_id)


class Beat:
    """Gives many threads their turns at a steady rate; turns that nobody was free for are gone."""

    def __init__(self, rate: float) -> None:
        self._pause = 1 / rate
        self._lock = threading.Lock()
        self._next = 0.0

    def begin(self) -> None:
        self._next = time.monotonic()

    def wait(self, leaving: threading.Event) -> bool:
        """Wait for a turn; return False, at once, if it is time to leave."""
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._pause
        return not leaving.wait(max(0.0, turn - time.monotonic()))
