"""What tests of orders stand on: a small catalogue, trusted tokens, and a users service that is away unless told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import get_user_model

from apps.orders import services
from apps.orders.models import Order, Product
from apps.orders.queries import Line
from ficus.events.announced import unannounced
from ficus.resilience import registry
from ficus.rpc import channels
from ficus.rpc.server import Server
from ficus.testing import tokens
from ficus.testing.fixtures import fence as fence
from tests.orders.fake_users import FakeUsers

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
NOBODY_LISTENS = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def _trusted_tokens(settings: Any) -> None:
    # Only the test's key: where users runs in the same process, it has none yet.
    settings.TOKENS = {**tokens.trusting(settings.TOKENS), "OWN_JWKS": None}


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any) -> None:
    """What one test has seen of the catalogue is nothing to the next."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.fixture(autouse=True)
def _users_away(settings: Any) -> None:
    settings.RPC = {**settings.RPC, "UPSTREAMS": {**settings.RPC["UPSTREAMS"], "users": NOBODY_LISTENS}}


@pytest.fixture
def users(settings: Any) -> Iterator[type[FakeUsers]]:
    """A users service that answers at once."""
    upstreams = {**settings.RPC["UPSTREAMS"], "users": "local"}
    settings.RPC = {"UPSTREAMS": upstreams, "SERVICERS": ["tests.orders.fake_users.FakeUsers"]}
    yield FakeUsers
    FakeUsers.forget()


@pytest.fixture
def distant_users(users: type[FakeUsers], settings: Any) -> Iterator[type[FakeUsers]]:
    """The same behind a socket."""
    server = Server(threads=2)
    upstreams = {**settings.RPC["UPSTREAMS"], "users": f"127.0.0.1:{server.start('127.0.0.1:0')}"}
    settings.RPC = {**settings.RPC, "UPSTREAMS": upstreams}
    registry.forget_all()
    yield users
    channels.close_all()
    server.stop(grace_seconds=0)


@pytest.fixture
def catalogue(db: None) -> None:
    Product.objects.bulk_create(
        [
            Product(sku="mug", name="Mug", unit_price=1250, currency="EUR"),
            Product(sku="lamp", name="Lamp", unit_price=8990, currency="EUR"),
            Product(sku="desk", name="Desk", unit_price=40000, currency="EUR"),
            Product(sku="gone", name="Gone", unit_price=100, currency="EUR", is_active=False),
            Product(sku="dollar", name="Dollar", unit_price=100, currency="USD"),
        ]
    )


@pytest.fixture
def customer_id() -> UUID:
    return uuid4()


@pytest.fixture
def order(catalogue: None, customer_id: UUID) -> Order:
    """A pending order for two mugs and a lamp: 11490 in all."""
    return place(customer_id)


def place(customer_id: UUID, *lines: Line, placed_at: datetime = NOW) -> Order:
    return services.place_order(
        customer_id=customer_id,
        lines=lines or [Line("mug", 2), Line("lamp", 1)],
        currency="EUR",
        placed_at=placed_at,
    )


@pytest.fixture
def orders(catalogue: None) -> dict[str, Order]:
    """One order of each status, by status."""
    made = {status: place(uuid4()) for status in Order.Status.values}
    services.reject_order(order_id=made["REJECTED"].pk, reason="credit_exceeded")
    services.cancel_order(order_id=made["CANCELLED"].pk, reason="")
    services.confirm_order(order_id=made["CONFIRMED"].pk)
    services.confirm_order(order_id=made["FULFILLED"].pk)
    services.fulfil_order(order_id=made["FULFILLED"].pk)
    return {status: Order.objects.get(pk=order.pk) for status, order in made.items()}


def known_staff(id: UUID | str, role: str) -> None:
    """Have a member of staff known where users runs in the same process; elsewhere the token alone says who it is."""
    people: Any = get_user_model()
    if hasattr(people, "joined_at"):
        fields = {"username": f"sam-{role}", "email": f"{role}@example.com", "roles": [role], "joined_at": NOW}
        with unannounced("orders has no need to know"):
            people.objects.update_or_create(id=id, defaults=fields)
