from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from apps.orders import services
from apps.orders.models import Order
from tests.orders.views.conftest import MUG, caller, post

pytestmark = pytest.mark.django_db


class TestPlaceOrder:
    def test_answers_201_with_the_pending_order_and_where_it_is(self, catalogue, customer, customer_id):
        answer = post(customer, MUG)

        order = Order.objects.get()
        assert (answer.status_code, answer["Location"]) == (201, f"/orders/{order.pk}")
        assert answer.json() == {
            "id": str(order.pk),
            "customer": {"id": str(customer_id), "username": None},
            "status": "PENDING",
            "reason": "",
            "currency": "EUR",
            "total": 2500,
            "lines": [{"sku": "mug", "name": "Mug", "quantity": 2, "unit_price": 1250, "total": 2500}],
            "placed_at": order.placed_at.isoformat().replace("+00:00", "Z"),
            "version": 1,
            "degraded": ["users"],
        }

    def test_says_when_the_credit_is_looked_at_later(self, catalogue, users, customer, customer_id):
        users.available[customer_id] = 5000
        assert post(customer, MUG, key="asked").json()["degraded"] == []

        users.says[customer_id] = {"available": -1}
        not_asked = post(customer, MUG, key="not-asked", prefer="wait=0")

        assert (not_asked.status_code, not_asked.json()["status"]) == (201, "PENDING")
        assert not_asked.json()["degraded"] == ["users"]

    def test_shows_the_customers_name_once_it_is_known(self, catalogue, customer, customer_id):
        services.remember_customer(customer_id=customer_id, username="ada", version=1)

        answer = post(customer, MUG)

        assert answer.json()["customer"] == {"id": str(customer_id), "username": "ada"}

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"lines": []},
            {"lines": [{"sku": "mug"}]},
            {"lines": [{"sku": "mug", "quantity": 0}]},
            {"lines": [{"sku": "mug", "quantity": 1001}]},
            {"lines": [{"sku": "mug", "quantity": 1, "unit_price": 1}]},
            {"lines": [{"sku": "mug", "quantity": 1}, {"sku": "mug", "quantity": 1}]},
            {"lines": [{"sku": "gone", "quantity": 1}]},
            {"lines": [{"sku": "unheard-of", "quantity": 1}]},
            {"lines": [{"sku": "mug", "quantity": 1}] * 101},
            {"lines": [{"sku": "mug", "quantity": 1}], "total": 1},
            {"lines": [{"sku": "mug", "quantity": 1}], "customer_id": "me"},
            ["mug"],
        ],
    )
    def test_refuses_what_cannot_be_ordered_with_400_and_places_nothing(self, catalogue, customer, body):
        answer = post(customer, body)

        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert answer.json()["errors"]
        assert Order.objects.count() == 0

    def test_needs_an_idempotency_key(self, catalogue, customer):
        answer = post(customer, MUG, key=None)

        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
        assert Order.objects.count() == 0

    def test_gives_the_first_answer_again_for_the_same_key_and_body(self, catalogue, customer):
        first = post(customer, MUG)

        second = post(customer, MUG)

        assert (second.status_code, second.json()) == (201, first.json())
        assert (second["Location"], second["Idempotency-Replayed"]) == (first["Location"], "true")
        assert Order.objects.count() == 1

    def test_refuses_another_body_under_a_used_key(self, catalogue, customer):
        post(customer, MUG)

        answer = post(customer, {"lines": [{"sku": "mug", "quantity": 3}]})

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert Order.objects.count() == 1

    def test_keeps_keys_of_different_customers_apart(self, catalogue, customer):
        post(customer, MUG)

        answer = post(caller(), MUG)

        assert answer.status_code == 201
        assert Order.objects.count() == 2

    def test_lets_staff_order_for_a_customer(self, catalogue, support, customer_id):
        answer = post(support, {**MUG, "customer_id": str(customer_id)})

        assert (answer.status_code, answer.json()["customer"]["id"]) == (201, str(customer_id))

    def test_refuses_a_customer_who_orders_for_another(self, catalogue, customer):
        answer = post(customer, {**MUG, "customer_id": str(uuid4())})

        assert (answer.status_code, answer.json()["code"]) == (403, "ordering_for_another")
        assert Order.objects.count() == 0

    def test_needs_a_token(self, catalogue):
        answer = post(APIClient(), MUG)

        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="ficus"')

    def test_needs_the_scope_to_write(self, catalogue):
        answer = post(caller(scopes=["orders:read"]), MUG)

        assert answer.status_code == 403
        assert Order.objects.count() == 0

    def test_refuses_an_order_over_the_credit_with_422_and_stays_with_that(
        self, catalogue, users, customer, customer_id
    ):
        users.available[customer_id] = 2499
        refused = post(customer, MUG, key="first")
        users.available[customer_id] = 2500

        late_copy = post(customer, MUG, key="first")

        assert (refused.status_code, refused.json()["code"]) == (422, "credit_exceeded")
        assert (refused.json()["total"], refused.json()["available"]) == (2500, 2499)
        assert (late_copy.status_code, late_copy.json()) == (422, refused.json())
        assert Order.objects.count() == 0
        assert post(customer, MUG, key="second").status_code == 201

    def test_refuses_a_customer_unknown_to_users(self, catalogue, users, support):
        answer = post(support, {**MUG, "customer_id": str(uuid4())})

        assert (answer.status_code, answer.json()["code"]) == (422, "customer_unknown")
        assert Order.objects.count() == 0

    def test_answers_as_pending_when_the_time_to_wait_is_up(self, catalogue, customer):
        answer = post(customer, MUG, prefer="wait=0")

        assert (answer.status_code, answer.json()["status"]) == (201, "PENDING")
        assert answer["Preference-Applied"] == "wait=0"

    def test_answers_a_repeated_request_that_would_wait_with_the_outcome(self, catalogue, customer):
        first = post(customer, MUG)
        services.confirm_order(order_id=UUID(first.json()["id"]))

        answer = post(customer, MUG, prefer="wait=10")

        assert (answer.json()["status"], answer.json()["version"]) == ("CONFIRMED", 2)
        assert (answer["Preference-Applied"], answer["Idempotency-Replayed"]) == ("wait=10", "true")
