"""
What keeping an answer saves: pages of the catalogue, one product, one customer's profile, each read and kept.

    python -m bench.caching

Takes a Redis and an SQLite of its own, asks each in turn many times in one process, and prints the ratio. What is read
is what the views would answer with; the price of HTTP is the same either way and left out.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from bench.own_redis import OwnRedis
from ficus.testing.processes import Processes

ROUNDS = 7
TIMES = 300
PRODUCTS = 100


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ficus-bench-caching-") as place:
        state = Path(place)
        with Processes(state / "log") as processes:
            redis = OwnRedis.start(processes, state)
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "config.orders.settings",
                "FICUS_ENV": "development",
                "FICUS_ENV_FILE": os.devnull,
                "FICUS_STATE": place,
                "REDIS_URL": redis.url,
            }
            _measure()


def _measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    print(f"{connection.display_name}, median of {ROUNDS} rounds of {TIMES}, microseconds each")
    print(f"{'':<28}{'read':>8}{'kept':>8}{'read/kept':>11}")
    for name, read in _reads().items():
        kept = _kept(name, read)
        times = {"read": [], "kept": []}  # type: dict[str, list[float]]
        for _ in range(ROUNDS):  # by turns, so that both meet the same load
            times["read"].append(_each(read))
            times["kept"].append(_each(kept))
        read_us, kept_us = median(times["read"]), median(times["kept"])
        print(f"{name:<28}{read_us:>8.0f}{kept_us:>8.0f}{read_us / kept_us:>11.1f}")


def _reads() -> dict[str, Callable[[], Any]]:
    from apps.orders import queries
    from apps.orders.models import Customer, Product
    from apps.orders.serializers import ProductDetail

    Product.objects.bulk_create(
        Product(sku=f"sku-{number:03}", name=f"Product {number}", unit_price=100 + number, currency="EUR")
        for number in range(PRODUCTS)
    )
    customer = Customer.objects.create(id=uuid4(), username="ada", version=1)
    return {
        "a page of 20 products": lambda: ProductDetail(queries.list_products()[:20], many=True).data,
        "a page of 100 products": lambda: ProductDetail(queries.list_products()[:100], many=True).data,
        "one product": lambda: ProductDetail(queries.get_product("sku-050")).data,
        "one customer's profile": lambda: Customer.objects.values("id", "username").get(pk=customer.pk)["username"],
    }


def _kept(name: str, read: Callable[[], Any]) -> Callable[[], Any]:
    from ficus.caching.kept import Kept

    kept = Kept(f"bench.{len(name)}", seconds=3600)
    return lambda: kept.get("key", read)


def _each(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    for _ in range(TIMES):
        work()
    return (time.perf_counter() - began) / TIMES * 1e6


if __name__ == "__main__":
    main()
