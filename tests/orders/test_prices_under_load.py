"""A price that changes while many look at the catalogue, which is kept, and many order."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from rest_framework.test import APIClient

from apps.orders import queries, services
from apps.orders.models import OrderLine, Product
from ficus.testing import tokens

pytestmark = pytest.mark.django_db(transaction=True)

CHANGES = 15
BUYERS = 4
LOOKERS = 3
ORDERS = 6  # of each buyer at least
SECONDS = 120


@pytest.fixture(autouse=True)
def _kept_here(_nothing_kept: None, settings: Any) -> None:
    """A cache that all threads share; a real one is for :mod:`tests.ficus.caching`."""
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": uuid4().hex}}


class Prices:
    """
    The prices of the mug, one after the other.

    :ivar begun: how many changes have begun; the price at that place may be in force.
    :ivar done: how many are done; no price before that place may be charged any more.
    """

    def __init__(self) -> None:
        self.known = [Product.objects.get(pk="mug").unit_price]
        self.begun = self.done = 0
        self.over = threading.Event()

    def change(self, price: int) -> None:
        self.known.append(price)
        self.begun += 1
        services.change_price(sku="mug", unit_price=price)
        self.done += 1

    def during(self, work: Callable[[], int]) -> tuple[int, list[int]]:
        """Do what yields a price; return it with those that were in force meanwhile."""
        first = self.done
        price = work()
        return price, self.known[first : self.begun + 1]


def shown() -> int:
    page = APIClient().get("/products?is_active=true").json()["results"]
    return next(int(product["unit_price"]) for product in page if product["sku"] == "mug")


def charged() -> int:
    client = APIClient()
    client.credentials(**tokens.bearer(user_id=uuid4()))
    order = {"lines": [{"sku": "mug", "quantity": 3}]}
    answer = client.post("/orders", order, format="json", HTTP_IDEMPOTENCY_KEY=uuid4().hex)
    assert answer.status_code == 201, answer.content
    [line] = answer.json()["lines"]
    assert (line["total"], answer.json()["total"]) == (3 * line["unit_price"], 3 * line["unit_price"])
    return int(line["unit_price"])


def in_own_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return run


class TestAChangedPrice:
    def test_is_never_charged_at_its_old_value_and_shown_at_once(self, catalogue: None) -> None:
        prices = Prices()

        def buy() -> list[tuple[int, list[int]]]:
            bought = []
            while not prices.over.is_set() or len(bought) < ORDERS:
                bought.append(prices.during(charged))
            return bought

        def look() -> int:
            looks = 0
            while not prices.over.is_set():
                shown()
                looks += 1
                time.sleep(0.001)
            return looks

        def change() -> list[int]:
            """Return the prices that were shown to somebody who asked when a change was done."""
            seen = []
            try:
                for number in range(1, CHANGES + 1):
                    prices.change(1000 + number)
                    seen.append(shown())
            finally:
                prices.over.set()
            return seen

        with ThreadPoolExecutor(BUYERS + LOOKERS + 1) as pool:
            buying = [pool.submit(in_own_thread(buy)) for _ in range(BUYERS)]
            looking = [pool.submit(in_own_thread(look)) for _ in range(LOOKERS)]
            seen = pool.submit(in_own_thread(change)).result(SECONDS)
            bought = [pair for each in buying for pair in each.result(SECONDS)]
            looks = sum(each.result(SECONDS) for each in looking)

        assert [(price, possible) for price, possible in bought if price not in possible] == []
        assert seen == [1000 + number for number in range(1, CHANGES + 1)]
        assert len(bought) >= BUYERS * ORDERS
        assert OrderLine.objects.count() == len(bought)
        assert looks > 0

    def test_is_charged_though_the_kept_catalogue_never_heard_of_it(self, catalogue: None) -> None:
        assert shown() == 1250
        Product.objects.filter(pk="mug").update(unit_price=1300)  # as by hand, unannounced

        assert shown() == 1250
        assert charged() == 1300

        queries.catalogue.forget()
        assert shown() == 1300
