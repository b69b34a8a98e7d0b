import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from tests.openapi import commands_without_example, faults_in_examples


class TestDocument:
    def test_is_valid_and_generated_without_a_warning(self, tmp_path):
        call_command(
            "spectacular",
            urlconf="apps.orders.urls",
            validate=True,
            fail_on_warn=True,
            file=str(tmp_path / "openapi.yaml"),
        )

        assert (tmp_path / "openapi.yaml").read_text().startswith("openapi: 3")

    @pytest.mark.parametrize("path", ["/orders/openapi.json", "/orders/openapi.json/"])
    def test_is_open_to_everybody_and_describes_orders_alone(self, path):
        document = APIClient().get(path).json()

        assert sorted(document["paths"]) == [
            "/orders",
            "/orders/summary",
            "/orders/{order_id}",
            "/orders/{order_id}/cancel",
            "/orders/{order_id}/fulfil",
            "/orders/{order_id}/history",
            "/products",
            "/products/{sku}",
        ]

    def test_asks_for_an_idempotency_key_where_an_order_is_placed(self):
        document = APIClient().get("/orders/openapi.json").json()

        headers = {
            one["name"]: one.get("required", False) for one in document["paths"]["/orders"]["post"]["parameters"]
        }
        assert headers == {"Idempotency-Key": True, "Prefer": False}

    def test_shows_an_example_of_each_command_and_each_is_good(self):
        document = APIClient().get("/orders/openapi.json").json()

        assert commands_without_example(document) == []
        assert faults_in_examples(document) == []

    def test_names_the_scopes_that_a_token_must_have(self):
        paths = APIClient().get("/orders/openapi.json").json()["paths"]

        assert paths["/orders"]["get"]["x-scopes"] == ["orders:read"]
        assert paths["/orders"]["post"]["x-scopes"] == ["orders:write"]
        assert "x-scopes" not in paths["/products"]["get"]

    def test_says_that_an_empty_filter_is_none(self):
        parameters = APIClient().get("/orders/openapi.json").json()["paths"]["/orders"]["get"]["parameters"]

        empty = [one["name"] for one in parameters if one.get("allowEmptyValue")]
        assert empty == ["customer_id", "placed_after", "placed_before", "status"]
