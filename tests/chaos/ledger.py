"""What the customers were told, and nothing else: the truth that the system is held against."""

import threading
from collections import Counter
from dataclasses import dataclass, field

UNASKED, ASKED = "", "asked"


@dataclass(slots=True)
class Wish:
    """
    One order that a customer wants, under one idempotency key.

    :ivar order_ids: those that answers to this key named; more than one is a doubled order.
    :ivar refused: the code of a definite refusal, such as ``credit_exceeded``.
    :ivar cancelled: ``asked``, and then ``yes`` or the status that was in the way.
    :ivar fulfilled: the same.
    """

    key: str
    customer_id: str
    order_ids: set[str] = field(default_factory=set)
    refused: str = ""
    cancelled: str = UNASKED
    fulfilled: str = UNASKED

    @property
    def is_definite(self) -> bool:
        return bool(self.order_ids or self.refused)


class Ledger:
    """Written by many threads at once."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.answers: Counter[str] = Counter()
        self.surprises: list[str] = []
        self._lock = threading.Lock()

    def wish(self, key: str, customer_id: str) -> Wish:
        """Note that somebody begins to ask for an order."""
        wish = Wish(key, customer_id)
        with self._lock:
            self.wishes.append(wish)
        return wish

    def count(self, answer: str) -> None:
        """Count an answer, definite or not, by its status or by how the connection failed."""
        with self._lock:
            self.answers[answer] += 1

    def surprise(self, what: str) -> None:
        """Note an answer that a right system never gives."""
        with self._lock:
            self.surprises.append(what)

    @property
    def acknowledged(self) -> list[Wish]:
        return [wish for wish in self.wishes if wish.order_ids]

    @property
    def undecided(self) -> list[Wish]:
        """Those whose customer never got a definite answer."""
        return [wish for wish in self.wishes if not wish.is_definite]
