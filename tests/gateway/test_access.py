"""Who may go through the front door, and into its admin, by every kind of caller; proves semantics, section 6."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as configured

from ficus.testing import tokens
from gateway.control.models import Route as Row
from gateway.data.message.refusal import Refusal
from gateway.data.policies.authenticate import authenticate
from gateway.data.routing.route import Access, Route
from tests import access
from tests.access import STAFF, World
from tests.gateway.making import request

# What the door asks for before a service is asked, which then asks for itself.
ROUTES = {
    "public": {
        "sign-in",
        "oauth",
        "well-known",
        "users-document",
        "users-static",
        "orders-document",
        "orders-static",
        "monolith-static",
    },
    "optional": {"oauth-authorize", "oauth-userinfo", "users-register", "products"},
    "signed in": {"users", "users-admin", "orders", "orders-place", "orders-admin"},
}


@pytest.fixture(autouse=True)
def _trusted_tokens(settings: Any) -> None:
    settings.TOKENS = tokens.trusting(settings.TOKENS)


@pytest.fixture
def world() -> World:
    people: dict[str, UUID] = {caller: uuid4() for caller in access.CALLERS}
    return World(people, {}, {})


def passes(world: World, caller: str, kind: str) -> bool:
    """Return whether the door lets a caller's request on to a route of that kind."""
    token = world.token(caller).get("HTTP_AUTHORIZATION")
    asking = request(
        "GET",
        "/",
        *([f"Authorization: {token}"] if token else []),
        route=Route("any", "orders", b"", access=Access(kind)),
    )

    async def judge() -> None:
        waiting = authenticate(asking)
        if waiting is not None:
            await waiting

    try:
        asyncio.run(judge())
    except Refusal:
        return False
    return True


@pytest.mark.django_db
class TestRoutes:
    def test_of_a_new_installation_ask_for_what_they_should(self) -> None:
        found: dict[str, set[str]] = {}
        for name, kind in Row.objects.values_list("name", "access"):
            found.setdefault(kind, set()).add(name)

        assert found == ROUTES

    @pytest.mark.parametrize("caller", access.CALLERS)
    @pytest.mark.parametrize("kind", [kind.value for kind in Access])
    def test_let_on_whom_they_should(self, world: World, caller: str, kind: str) -> None:
        assert passes(world, caller, kind) is (caller != "anonymous" or kind != Access.SIGNED_IN)


@pytest.mark.django_db
@pytest.mark.parametrize("path", access.admin_paths(configured.ROOT_URLCONF, "/admin/"))
def test_admin_is_for_staff_alone(world: World, path: str) -> None:
    entering = {caller for caller in access.CALLERS if world.enters(path, caller)}

    assert entering == set(STAFF)
