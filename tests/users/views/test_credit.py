from uuid import uuid4

import pytest

from apps.users import services
from apps.users.models import CreditAccount, CreditEntry
from apps.users.services import Reservation
from tests.users.conftest import NOW, as_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(register):
    return register("olga", roles=("operator",))


def reserve(user, amount):
    order_id = uuid4()
    reservation = Reservation(order_id=order_id, customer_id=user.id, currency="EUR", amount=amount)
    services.reserve_credit(reservation=reservation, at=NOW)
    return order_id


class TestCredit:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_shows_where_the_credit_is(self, client, ada, slash):
        reserve(ada, 300)

        answer = client.get(f"/users/{ada.id}/credit{slash}", **as_user(ada))

        assert (answer.status_code, answer.json()) == (
            200,
            {"currency": "EUR", "granted": 100_000, "held": 300, "captured": 0, "available": 99_700},
        )

    @pytest.mark.parametrize("path", ["credit", "credit/entries"])
    def test_is_not_there_for_a_stranger(self, client, ada, register, path):
        answer = client.get(f"/users/{ada.id}/{path}", **as_user(register("eve")))

        assert answer.status_code == 404

    @pytest.mark.parametrize("path", ["credit", "credit/entries"])
    def test_is_shown_to_support(self, client, ada, register, path):
        answer = client.get(f"/users/{ada.id}/{path}", **as_user(register("sam", roles=("support",))))

        assert answer.status_code == 200


class TestCreditEntries:
    def test_are_shown_newest_first_page_by_page(self, client, ada):
        order_id = reserve(ada, 300)
        services.release_credit(order_id=order_id, customer_id=ada.id, at=NOW)

        first = client.get(f"/users/{ada.id}/credit/entries?limit=2", **as_user(ada)).json()
        second = client.get(first["next"], **as_user(ada)).json()

        assert [(row["kind"], row["amount"], row["order_id"]) for row in first["results"] + second["results"]] == [
            ("released", 300, str(order_id)),
            ("held", 300, str(order_id)),
            ("granted", 100_000, None),
        ]
        assert set(first["results"][0]) == {"id", "kind", "amount", "order_id", "reason", "recorded_at"}


class TestCreditGrants:
    def test_are_for_operators(self, client, ada, olga):
        answer = client.post(
            f"/users/{ada.id}/credit/grants", {"amount": 500, "reason": "loyalty"}, format="json", **as_user(olga)
        )

        entry = CreditEntry.objects.get(reason="loyalty")
        assert (answer.status_code, answer.json()["id"]) == (201, str(entry.id))
        assert (answer.json()["kind"], answer.json()["amount"]) == ("granted", 500)
        assert CreditAccount.objects.get(customer=ada).granted == 100_500

    def test_have_one_effect_for_one_key(self, client, ada, olga):
        body, key = {"amount": 500, "reason": "loyalty"}, {"HTTP_IDEMPOTENCY_KEY": "once"}

        first, second = (
            client.post(f"/users/{ada.id}/credit/grants", body, format="json", **key, **as_user(olga)) for _ in range(2)
        )

        assert (second.status_code, second.json()) == (201, first.json())
        assert CreditAccount.objects.get(customer=ada).granted == 100_500

    @pytest.mark.parametrize("roles", [("customer",), ("support",)])
    def test_are_not_for_others(self, client, ada, register, roles):
        caller = register("sam", roles=roles)

        answer = client.post(
            f"/users/{ada.id}/credit/grants", {"amount": 500, "reason": "mine"}, format="json", **as_user(caller)
        )

        assert answer.status_code == 403
        assert CreditAccount.objects.get(customer=ada).granted == 100_000

    @pytest.mark.parametrize("amount", [0, -1, 10**12 + 1, "much", 1.5])
    def test_refuse_an_amount_that_is_none(self, client, ada, olga, amount):
        answer = client.post(
            f"/users/{ada.id}/credit/grants", {"amount": amount, "reason": "x"}, format="json", **as_user(olga)
        )

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["amount"])
        assert CreditAccount.objects.get(customer=ada).granted == 100_000
