from uuid import uuid4

import pytest

from apps.orders import queries
from apps.orders.models import Customer
from contracts.users.events import UserProfileChanged, UserRegistered
from ficus.testing.events import receive
from tests.orders.conftest import place

pytestmark = pytest.mark.django_db


def registered(user_id, username="ada"):
    return UserRegistered(user_id=user_id, username=username, email=f"{username}@example.com", roles=["customer"])


def renamed(user_id, username):
    return UserProfileChanged(
        user_id=user_id, username=username, email="ada@example.com", first_name="Ada", last_name="Lovelace"
    )


class TestRememberingCustomers:
    def test_gives_an_order_placed_before_the_name_was_known_its_name(self, catalogue, customer_id):
        order = place(customer_id)
        before = queries.list_orders().get(pk=order.pk).customer_username

        receive("orders.customers", registered(customer_id))

        after = queries.list_orders().get(pk=order.pk).customer_username
        assert (before, after) == (None, "ada")

    def test_follows_a_changed_profile(self, customer_id):
        receive("orders.customers", registered(customer_id), version=1)

        receive("orders.customers", renamed(customer_id, "ada.l"), version=2)

        assert Customer.objects.values_list("username", "version").get() == ("ada.l", 2)

    def test_does_not_go_back_to_an_old_name_when_events_come_again(self, customer_id):
        receive("orders.customers", registered(customer_id), version=1)
        receive("orders.customers", renamed(customer_id, "ada.l"), version=2)

        receive("orders.customers", registered(customer_id), version=1)

        assert Customer.objects.values_list("username", "version").get() == ("ada.l", 2)

    def test_keeps_people_apart(self, customer_id):
        receive("orders.customers", registered(customer_id, "ada"))
        receive("orders.customers", registered(uuid4(), "sam"))

        assert sorted(Customer.objects.values_list("username", flat=True)) == ["ada", "sam"]
