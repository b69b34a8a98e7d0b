"""What tests of users stand on: a signing key, trusted tokens, a password that is hashed once, and people."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import make_password
from rest_framework.test import APIClient

from apps.users import keys, services
from apps.users.models import User
from apps.users.passwords import BoundedArgon2PasswordHasher
from ficus.testing import tokens
from ficus.testing.fixtures import fence as fence

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
PASSWORD = "correct horse battery"
Register = Callable[..., User]


@pytest.fixture(scope="session", autouse=True)
def _signing_key() -> None:
    keys.create_key_file(Path(configured.SIGNING_KEY_FILE))


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """The same algorithm at a hundredth of the cost; what it costs in production is a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"memory_cost": 64, "time_cost": 1, "parallelism": 1}.items():
            patch.setattr(BoundedArgon2PasswordHasher, name, value)
        yield


@pytest.fixture(scope="session")
def password_hash(_cheap_hashes: None) -> str:
    return make_password(PASSWORD)


@pytest.fixture(autouse=True)
def _trusted_tokens(settings: Any) -> None:
    settings.TOKENS = tokens.trusting(settings.TOKENS)


@pytest.fixture
def register(db: None, password_hash: str) -> Register:
    """Registers a person: ``register("ada")``."""

    def register(username: str, *, roles: tuple[str, ...] = ("customer",), **details: Any) -> User:
        given = {"email": f"{username.lower()}@example.com", "password_hash": password_hash, "at": NOW, **details}
        return services.register_user(username=username, roles=roles, **given)

    return register


@pytest.fixture
def ada(register: Register) -> User:
    return register("ada", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def client() -> APIClient:
    return APIClient()


def as_user(user: User, **changes: Any) -> dict[str, Any]:
    """Return the header of a request by that person."""
    return tokens.bearer(user_id=user.id, username=user.username, roles=user.roles, **changes)
