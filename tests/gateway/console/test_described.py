import asyncio
from typing import Any

import pytest

from gateway.console.composing.described import KEPT_SECONDS, Described

WHOLE = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}}


class Services:
    """Services that describe themselves, or raise what is put in their place; counts how often they are asked."""

    def __init__(self, **said: Any) -> None:
        self.said = said
        self.asked: list[tuple[str, str]] = []
        self.now = 0.0

    async def ask(self, service: str, etag: str) -> tuple[Any, str]:
        self.asked.append((service, etag))
        await asyncio.sleep(0)
        said = self.said[service]
        if isinstance(said, Exception):
            raise said
        return (None, etag) if etag == '"same"' else (said, '"same"' if said is WHOLE else "")

    def described(self) -> Described:
        return Described(self.ask, lambda: self.now)


def documents(described: Described, *services: str) -> Any:
    return asyncio.run(described.documents(services))


class TestDescribed:
    def test_asks_each_service_and_keeps_what_it_said_for_a_while(self) -> None:
        services = Services(users=WHOLE, orders=WHOLE)
        described = services.described()

        first = documents(described, "users", "orders")
        services.now = KEPT_SECONDS - 0.1
        second = documents(described, "users", "orders")

        assert first == second == {"orders": WHOLE, "users": WHOLE}
        assert list(first) == ["orders", "users"]
        assert services.asked == [("orders", ""), ("users", "")]

    def test_asks_again_whether_it_still_holds(self) -> None:
        services = Services(users=WHOLE)
        described = services.described()

        first = documents(described, "users")
        services.now = KEPT_SECONDS
        second = documents(described, "users")

        assert services.asked == [("users", ""), ("users", '"same"')]
        assert second["users"] is first["users"]

    @pytest.mark.parametrize(
        "trouble", [OSError("away"), "no document", {"openapi": "2.0"}, {"openapi": "3.0.3"}, {**WHOLE, "paths": []}]
    )
    def test_keeps_what_one_that_is_away_said_last(self, trouble: Any) -> None:
        services = Services(users=WHOLE, orders=dict(WHOLE))
        described = services.described()
        documents(described, "users", "orders")

        services.said["orders"] = trouble
        services.now = KEPT_SECONDS
        found = documents(described, "users", "orders")

        assert found == {"orders": WHOLE, "users": WHOLE}
        assert list(described.away) == ["orders"]
        assert described.away["orders"] is not None

    def test_does_without_one_that_never_said_anything(self) -> None:
        services = Services(users=WHOLE, orders=OSError("away"))
        described = services.described()

        assert documents(described, "users", "orders") == {"users": WHOLE}
        assert described.away == {"orders": None}

    def test_asks_one_that_was_away_at_once_again(self) -> None:
        services = Services(orders=OSError("away"))
        described = services.described()
        documents(described, "orders")

        services.said["orders"] = WHOLE

        assert documents(described, "orders") == {"orders": WHOLE}
        assert described.away == {}

    def test_asks_once_however_many_want_to_know(self) -> None:
        services = Services(users=WHOLE)
        described = services.described()

        async def ten_at_once() -> None:
            await asyncio.gather(*(described.documents(["users"]) for _ in range(10)))

        asyncio.run(ten_at_once())

        assert services.asked == [("users", "")]

    def test_forgets_trouble_with_a_service_that_no_route_names_any_more(self) -> None:
        services = Services(orders=OSError("away"))
        described = services.described()
        documents(described, "orders")

        documents(described)

        assert described.away == {}
