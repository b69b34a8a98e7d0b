"""Every route of orders by every kind of caller; proves semantics, section 6."""

from uuid import UUID, uuid4

import pytest
from django.conf import settings as configured

from apps.orders.models import Order
from tests import access
from tests.access import STAFF, Cell, World
from tests.orders.access import ASKS, FOUND_BY, TABLE
from tests.orders.conftest import known_staff
from tests.users.access import TABLE as USERS

pytestmark = pytest.mark.django_db
RUNS_USERS = "apps.users" in configured.INSTALLED_APPS


@pytest.fixture
def world(order: Order, customer_id: UUID) -> World:
    people = {"customer": customer_id, "other customer": uuid4()} | {role: uuid4() for role in STAFF}
    for role in STAFF:
        known_staff(people[role], role)
    return World(people, {"<uuid:order_id>": str(order.pk), "<slug:sku>": "mug"}, ASKS)


class TestTable:
    def test_has_a_line_for_each_route_and_no_other(self) -> None:
        others = USERS if RUNS_USERS else {}

        assert sorted(TABLE.keys() | others.keys()) == sorted(access.routes(configured.ROOT_URLCONF))


@pytest.mark.parametrize("cell", access.cells(TABLE), ids=str)
def test_answers_as_the_table_says(world: World, cell: Cell) -> None:
    assert world.answer(cell).status_code == cell.expected


@pytest.mark.parametrize("cell", access.signed_in(TABLE), ids=str)
def test_refuses_a_token_without_the_scope(world: World, cell: Cell) -> None:
    scope = "orders:read" if cell.method == "GET" else "orders:write"

    answer = world.answer(cell, without=[scope])

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("caller", access.CALLERS[1:])
@pytest.mark.parametrize("row", FOUND_BY)
def test_lists_show_what_the_caller_may_know_of(world: World, row: str, caller: str) -> None:
    found = world.answer(Cell(row, caller, 200)).json()["results"]

    assert (str(world.people["customer"]) in str(found)) is (caller in FOUND_BY[row].split())


@pytest.mark.parametrize("path", access.admin_paths(configured.ROOT_URLCONF, "/orders/admin/"))
def test_admin_is_for_staff_alone(world: World, path: str) -> None:
    entering = {caller for caller in access.CALLERS if world.enters(path, caller)}

    assert entering == set(STAFF)
