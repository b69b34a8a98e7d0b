"""Who asks: a customer, support, an operator; and how an order is placed."""

from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from ficus.testing import tokens


def caller(user_id: UUID | None = None, *roles: str, **token: object) -> APIClient:
    """A client that sends the token of such a person; a customer unless told otherwise."""
    client = APIClient()
    client.credentials(**tokens.bearer(user_id=user_id or uuid4(), roles=list(roles) or ["customer"], **token))
    return client


@pytest.fixture
def customer(customer_id):
    return caller(customer_id)


@pytest.fixture
def support():
    return caller(None, "support")


@pytest.fixture
def operator():
    return caller(None, "operator")


def post(client, body, key="key-1", **headers):
    extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    if key:
        extra["HTTP_IDEMPOTENCY_KEY"] = key
    return client.post("/orders", body, format="json", **extra)


MUG = {"lines": [{"sku": "mug", "quantity": 2}]}
