import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


class TestProductList:
    def test_shows_everybody_the_catalogue_by_sku(self, catalogue):
        answer = APIClient().get("/products?limit=3")

        body = answer.json()
        assert answer.status_code == 200
        assert [product["sku"] for product in body["results"]] == ["desk", "dollar", "gone"]
        assert body["results"][2] == {
            "sku": "gone",
            "name": "Gone",
            "unit_price": 100,
            "currency": "EUR",
            "is_active": False,
        }
        rest = APIClient().get(body["next"]).json()
        assert [product["sku"] for product in rest["results"]] == ["lamp", "mug"]
        assert rest["next"] is None

    def test_can_leave_out_what_is_not_sold(self, catalogue):
        answer = APIClient().get("/products/?is_active=true")

        assert [product["sku"] for product in answer.json()["results"]] == ["desk", "dollar", "lamp", "mug"]

    @pytest.mark.parametrize("value", ["null", "1", "yes"])
    def test_refuses_a_filter_that_is_neither_true_nor_false(self, value):
        answer = APIClient().get(f"/products?is_active={value}")

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["is_active"])


class TestProductDetail:
    def test_shows_one(self, catalogue):
        answer = APIClient().get("/products/mug")

        shown = {"sku": "mug", "name": "Mug", "unit_price": 1250, "currency": "EUR", "is_active": True}
        assert (answer.status_code, answer.json()) == (200, shown)

    def test_is_404_for_what_the_catalogue_does_not_have(self, catalogue):
        answer = APIClient().get("/products/unheard-of")

        assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
        assert answer["Content-Type"] == "application/problem+json"
