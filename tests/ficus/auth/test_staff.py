from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as configured
from django.contrib.auth import get_user_model
from django.test import Client

from ficus.auth.principal import Principal
from ficus.auth.staff import ADMIN_PATH, RoleBackend
from ficus.testing import tokens

ADA = UUID("0198a1b2-0000-7000-8000-000000000001")

# Where there is no users table, staff are kept as shadows.
shadowed = pytest.mark.applies_when(lambda: configured.AUTH_USER_MODEL == "ficus_auth.Person")


class TestAdminPath:
    @pytest.mark.parametrize("path", ["/admin", "/admin/", "/orders/admin/orders/order/", "/gift_cards2/admin/"])
    def test_is_below_any_service(self, path: str) -> None:
        assert ADMIN_PATH.match(path)

    @pytest.mark.parametrize("path", ["/orders", "/administration", "/orders/1/admin", "/_/admin"])
    def test_is_nothing_else(self, path: str) -> None:
        assert not ADMIN_PATH.match(path)


class TestRoleBackend:
    def test_allows_nothing_to_somebody_deactivated(self) -> None:
        user = SimpleNamespace(roles=["admin"], is_active=False)

        assert not RoleBackend().has_perm(user, "orders.view_order")

    def test_signs_nobody_in(self) -> None:
        assert RoleBackend().authenticate(None, username="root", password="root") is None


@pytest.mark.urls("tests.ficus.auth.urls")
@pytest.mark.django_db
class TestAdmin:
    def test_sends_strangers_to_the_front_door_and_back(self, client: Client, settings: Any) -> None:
        response = client.get("/tests/admin/?q=1")
        login = client.get(response["Location"])

        assert login.status_code == 302
        assert login["Location"] == f"{settings.PUBLIC_URL}/login?next=/tests/admin/%3Fq%3D1"

    @pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "\\\\evil"])
    def test_sends_nobody_back_to_another_host(self, client: Client, settings: Any, target: str) -> None:
        response = client.get("/tests/admin/login/", {"next": target})

        assert response["Location"] == f"{settings.PUBLIC_URL}/login?next=/"

    def test_has_no_form_to_sign_in(self, client: Client, settings: Any) -> None:
        response = client.post("/tests/admin/login/", {"username": "root", "password": "root"})

        assert response["Location"] == f"{settings.PUBLIC_URL}/login?next=/"

    def test_tells_a_customer_that_it_is_for_staff_and_does_not_send_in_circles(self, client: Client) -> None:
        response = client.get("/tests/admin/", follow=True, **tokens.bearer(user_id=ADA, roles=["customer"]))

        assert response.status_code == 403

    @shadowed
    def test_signs_out_at_the_front_door(self, client: Client, settings: Any) -> None:
        response = client.post("/tests/admin/logout/", **tokens.bearer(user_id=ADA, roles=["support"]))

        assert response["Location"] == f"{settings.PUBLIC_URL}/logout"

    @shadowed
    def test_lets_support_in(self, client: Client) -> None:
        response = client.get("/tests/admin/", **tokens.bearer(user_id=ADA, username="sam", roles=["support"]))

        assert response.status_code == 200
        assert "sam" in response.content.decode()

    @shadowed
    def test_takes_no_token_outside_an_admin(self, client: Client) -> None:
        client.get("/greeting", **tokens.bearer(user_id=ADA, roles=["support"]))

        assert get_user_model().objects.count() == 0

    def test_keeps_no_session(self, client: Client) -> None:
        client.get("/tests/admin/", **tokens.bearer(user_id=ADA, roles=["customer"]))

        assert "sessionid" not in client.cookies
        assert configured.SESSION_COOKIE_NAME not in client.cookies


@shadowed
@pytest.mark.django_db
class TestForPrincipal:
    def test_keeps_one_shadow_and_follows_the_token(self) -> None:
        people: Any = get_user_model().objects
        people.for_principal(Principal(subject=str(ADA), id=ADA, username="ada", roles=frozenset({"support"})))

        person = people.for_principal(
            Principal(subject=str(ADA), id=ADA, username="ada.l", roles=frozenset({"operator", "customer"}))
        )

        assert list(people.values("id", "username", "roles")) == [
            {"id": ADA, "username": "ada.l", "roles": ["customer", "operator"]}
        ]
        assert (person.is_staff, person.is_superuser, person.has_perm("ficus_auth.view_person")) == (True, False, True)

    def test_lets_a_name_pass_to_another_person(self) -> None:
        people: Any = get_user_model().objects
        bob = UUID("0198a1b2-0000-7000-8000-000000000002")

        for person in (ADA, bob):
            people.for_principal(Principal(subject=str(person), id=person, username="ada"))

        assert people.filter(username="ada").count() == 2

    def test_makes_none_for_a_program(self) -> None:
        people: Any = get_user_model().objects

        assert people.for_principal(Principal(subject="billing")) is None
        assert people.count() == 0
