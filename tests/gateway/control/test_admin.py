from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from ficus.testing import tokens
from gateway.control import mirrored, snapshot
from gateway.control.diagnosis import diagnose
from gateway.control.models import MirrorCount, MirrorDifference, Revision, Route, Service
from gateway.data.mirroring.mirrors import Difference, Outcome
from tests.gateway.making import find

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _trusted_tokens(settings: Any) -> None:
    settings.TOKENS = tokens.trusting(settings.TOKENS)


@pytest.fixture
def admin(client: Client) -> Client:
    client.defaults.update(tokens.bearer(username="root", roles=["admin"]))
    return client


@pytest.fixture
def operator(client: Client) -> Client:
    client.defaults.update(tokens.bearer(username="olga", roles=["operator"]))
    return client


def form(**changes: str) -> dict[str, str]:
    good = {
        "name": "more",
        "service": str(Service.objects.get(name="orders").pk),
        "path": "/more",
        "match": "prefix",
        "methods": "",
        "access": "public",
        "timeout_ms": "2000",
        "body_limit": "1000",
        "priority": "0",
        "reason": "Trying it",
        "is_active": "on",
        "note": "",
    }
    return {**good, **changes}


class TestRouteAdmin:
    def test_adds_a_route_to_the_table(self, admin: Client) -> None:
        before = snapshot.version()

        answered = admin.post("/admin/control/route/add/", form())

        assert answered.status_code == 302
        assert find(snapshot.load(), "GET", "/more").name == "more"
        assert snapshot.version() == before + 1

    def test_changes_a_route_that_stays_sound(self, admin: Client) -> None:
        route = Route.objects.get(name="products")

        admin.post(
            f"/admin/control/route/{route.pk}/change/", form(name="products", path="/products", timeout_ms="900")
        )

        assert find(snapshot.load(), "GET", "/products").timeout_seconds == 0.9

    def test_refuses_a_route_that_is_wrong_and_says_all_that_is(self, admin: Client) -> None:
        answered = admin.post("/admin/control/route/add/", form(path="/admin/", methods="FROB"))

        page = answered.content.decode()
        assert answered.status_code == 200
        assert "/admin/ is not canonical" in page
        assert "does not serve the method FROB" in page
        assert not Route.objects.filter(name="more").exists()

    def test_takes_routes_out_of_the_table(self, admin: Client) -> None:
        route = Route.objects.get(name="products")

        admin.post(
            "/admin/control/route/",
            {"action": "delete_selected", "_selected_action": [str(route.pk)], "post": "yes", "reason": "Gone"},
        )

        assert find(snapshot.load(), "GET", "/products").service == ""

    def test_shows_operators_the_table_and_lets_them_change_nothing(self, operator: Client) -> None:
        assert operator.get("/admin/control/route/").status_code == 200
        assert operator.post("/admin/control/route/add/", form()).status_code == 403
        assert not Route.objects.filter(name="more").exists()

    def test_finds_a_route_by_its_path(self, operator: Client) -> None:
        page = operator.get("/admin/control/route/", {"q": "openapi"}).content.decode()

        assert "/users/openapi.json" in page
        assert "/monolith/static" not in page


class TestServiceAdmin:
    def test_shows_where_the_instances_are(self, admin: Client, settings: Any) -> None:
        settings.UPSTREAMS = {"orders": ["http://10.0.0.1:80", "http://10.0.0.2:80"]}

        page = admin.get("/admin/control/service/").content.decode()

        assert "http://10.0.0.1:80, http://10.0.0.2:80" in page
        assert "none configured" in page


class TestAdmin:
    def test_is_no_place_for_customers(self, client: Client) -> None:
        client.defaults.update(tokens.bearer(roles=["customer"]))

        assert client.get("/admin/").status_code == 302
        assert client.get("/admin/login/").status_code == 403

    def test_sends_those_who_are_not_signed_in_to_the_front_door(self, client: Client, settings: Any) -> None:
        answered = client.get("/admin/login/?next=/admin/control/")

        assert answered.headers["Location"] == f"{settings.PUBLIC_URL}/login?next=/admin/control/"

    def test_without_its_slash_is_found(self, client: Client) -> None:
        assert client.get("/admin").headers["Location"] == "/admin/"


class TestPolicies:
    def test_are_fields_of_the_route_s_form(self, admin: Client) -> None:
        page = admin.get("/admin/control/route/add/").content.decode()

        assert "Send the path on in another form" in page
        assert 'name="policy_mirror__ignore_fields"' in page
        assert "For example: orders: 90, orders-next: 10" in page

    def test_are_kept_as_terms_without_what_is_as_by_default(self, admin: Client) -> None:
        said = {
            "policy_mirror": "on",
            "policy_mirror__to": "users",
            "policy_mirror__percent": "5",
            "policy_mirror__ignore_fields": "id\r\nlines.*.at\r\n",
            "policy_mirror__body_limit": "65536",
            "policy_split": "on",
            "policy_split__weights": "orders: 9\nusers: 1",
            "hosts": "shop.test",
            "headers": "X-Canary: yes",
        }

        admin.post("/admin/control/route/add/", form(**said))

        route = Route.objects.get(name="more")
        assert route.policies == {
            "split": {"weights": {"orders": 9, "users": 1}},
            "mirror": {"to": "users", "percent": 5.0, "ignore_fields": ["id", "lines.*.at"]},
        }
        assert (route.hosts, route.headers) == (["shop.test"], {"X-Canary": "yes"})
        page = admin.get(f"/admin/control/route/{route.pk}/change/").content.decode()
        assert "lines.*.at" in page
        assert "orders: 9" in page

    def test_are_refused_with_every_mistake(self, admin: Client) -> None:
        said = {"policy_mirror": "on", "policy_mirror__percent": "500", "policy_rewrite": "on"}

        page = admin.post("/admin/control/route/add/", form(**said)).content.decode()

        assert "more: mirror: percent: Expected `float` &lt;= 100.0" in page
        assert "more: mirror: to is missing" in page
        assert "more: rewrite: say either prefix, or pattern and to" in page


class TestPreview:
    def test_shows_what_would_change_and_saves_nothing(self, admin: Client) -> None:
        before = snapshot.version()

        page = admin.post("/admin/control/route/add/", form(path="/products/special", _preview="1")).content.decode()

        assert "+ route more" in page
        assert "GET /products/special at any.host" in page
        assert '<input type="hidden" name="reason" value="Trying it">' in page
        assert snapshot.version() == before

    def test_of_a_form_with_mistakes_is_the_form_with_its_mistakes(self, admin: Client) -> None:
        page = admin.post("/admin/control/route/add/", form(path="/admin", _preview="1")).content.decode()

        assert "it would hide /admin" in page
        assert "Which requests go elsewhere" not in page

    def test_is_for_those_who_may_change_the_table(self, operator: Client) -> None:
        assert operator.post("/admin/control/route/add/", form(_preview="1")).status_code == 403


class TestTwoEditors:
    def test_the_second_is_told_what_the_first_did_and_loses_nothing(self, admin: Client) -> None:
        route = Route.objects.get(name="products")
        address = f"/admin/control/route/{route.pk}/change/"
        seen = str(snapshot.version())
        first = form(name="products", path="/products", timeout_ms="900", seen_version=seen, reason="Faster")
        second = form(name="products", path="/products", note="mine", seen_version=seen, reason="Noted")
        admin.post(address, first)

        answered = admin.post(address, second)

        page = answered.content.decode()
        assert answered.status_code == 200
        assert "root (" in page
        assert "has changed this meanwhile (Faster): " in page
        assert "timeout_ms: default -&gt; 900" in page
        assert 'value="mine"' in page
        assert Route.objects.get(name="products").timeout_ms == 900
        assert f'name="seen_version" value="{snapshot.version()}"' in page
        assert admin.post(address, {**second, "seen_version": str(snapshot.version())}).status_code == 302
        assert Route.objects.get(name="products").note == "mine"

    def test_do_not_disturb_each_other_at_different_routes(self, admin: Client) -> None:
        seen = str(snapshot.version())
        admin.post("/admin/control/route/add/", form())
        route = Route.objects.get(name="products")

        answered = admin.post(
            f"/admin/control/route/{route.pk}/change/", form(name="products", path="/products", seen_version=seen)
        )

        assert answered.status_code == 302


class TestRemoval:
    def test_asks_why_and_shows_what_would_change(self, admin: Client) -> None:
        route = Route.objects.get(name="products")
        address = f"/admin/control/route/{route.pk}/delete/"

        page = admin.get(address).content.decode()
        without_reason = admin.post(address, {"post": "yes"})

        assert "- route products" in page
        assert "this process, or 404" in page
        assert without_reason.status_code == 200
        assert Route.objects.filter(name="products").exists()
        assert admin.post(address, {"post": "yes", "reason": "Gone"}).status_code == 302
        assert Revision.objects.get(number=snapshot.version()).reason == "Gone"

    def test_of_a_service_with_routes_is_refused(self, admin: Client) -> None:
        service = Service.objects.get(name="orders")

        page = admin.post(f"/admin/control/service/{service.pk}/delete/", {"post": "yes", "reason": "Gone"})

        assert "products: orders is no service" in page.content.decode()
        assert Service.objects.filter(name="orders").exists()


class TestVersions:
    def test_show_who_why_and_what_and_lead_back_in_one_click(self, admin: Client) -> None:
        admin.post("/admin/control/route/add/", form())
        first, second = snapshot.version() - 1, snapshot.version()

        listed = admin.get("/admin/control/revision/").content.decode()
        shown = admin.get(f"/admin/control/revision/{second}/change/").content.decode()
        back = admin.get(f"/admin/control/revision/{first}/change/").content.decode()
        answered = admin.post(f"/admin/control/revision/{first}/change/", {"expected": str(second)})

        assert "Trying it" in listed
        assert "+ route more" in shown
        assert "This version is in force." in shown
        assert "- route more" in back
        assert answered.status_code == 302
        assert not Route.objects.filter(name="more").exists()
        assert Revision.objects.get(number=second + 1).reason == f"Back to version {first}"

    def test_are_not_gone_back_to_over_somebody_s_change(self, admin: Client) -> None:
        admin.post("/admin/control/route/add/", form())
        first = snapshot.version() - 1

        answered = admin.post(f"/admin/control/revision/{first}/change/", {"expected": str(first)}, follow=True)

        assert "Nothing was done: the table was changed meanwhile" in answered.content.decode()
        assert Route.objects.filter(name="more").exists()

    def test_are_for_operators_to_look_at(self, admin: Client) -> None:
        admin.post("/admin/control/route/add/", form())
        client, address = Client(), "/admin/control/revision/1/change/"
        client.defaults.update(tokens.bearer(username="olga", roles=["operator"]))

        assert "Roll back to version" not in client.get(address).content.decode()
        assert client.post(address, {}).status_code == 403


class TestTroubles:
    def test_are_shown_where_an_operator_looks(self, admin: Client, settings: Any, monkeypatch: Any) -> None:
        settings.UPSTREAMS = {**settings.UPSTREAMS, "users": ["http://users.invalid:8000"]}
        Route.objects.create(name="wrong", service=Service.objects.get(name="orders"), path="/admin")

        page = admin.get("/admin/control/route/").content.decode()

        assert "users at http://users.invalid:8000: its name " in page
        assert "The table is not sound, and the last one that was serves on: wrong: it would hide /admin" in page

    def test_are_named_by_the_doctor(self, settings: Any) -> None:
        settings.UPSTREAMS = {**settings.UPSTREAMS, "users": ["http://users.invalid:8000"]}

        found = {(str(each.state), each.subject) for each in diagnose()}

        assert found == {("ok", "route table"), ("warn", "upstream")}


class TestServiceForm:
    def test_takes_an_address_on_each_line(self, admin: Client) -> None:
        said = {"name": "stock", "instances": "http://10.0.0.5:8000\nhttp://10.0.0.6:8000 3\n", "reason": "New"}

        answered = admin.post("/admin/control/service/add/", said)

        assert answered.status_code == 302
        assert Service.objects.get(name="stock").instances == [
            {"address": "http://10.0.0.5:8000", "weight": 1},
            {"address": "http://10.0.0.6:8000", "weight": 3},
        ]

    def test_refuses_an_address_that_the_gateway_must_not_ask(self, admin: Client) -> None:
        said = {"name": "stock", "instances": "http://169.254.169.254\nhttp://8.8.8.8", "reason": "New"}

        page = admin.post("/admin/control/service/add/", said).content.decode()

        assert "stock: 169.254.169.254 is an address that the gateway never connects to" in page
        assert "stock: 8.8.8.8 is in none of the networks" in page
        assert not Service.objects.filter(name="stock").exists()


class TestMirrored:
    def test_is_counted_and_shown(self, operator: Client) -> None:
        at = datetime(2026, 11, 1, tzinfo=UTC)
        pair = ("orders", "users")
        difference = Difference(*pair, "GET", "/orders/1", ("status 200, 404", "body total"), at)
        for _ in range(2):
            mirrored.keep(
                {("orders", "users", Outcome.DIFFERENT): 1, ("orders", "users", Outcome.SAME): 3}, [difference]
            )

        counted = operator.get("/admin/control/mirrorcount/").content.decode()
        found = operator.get("/admin/control/mirrordifference/").content.decode()

        assert MirrorCount.objects.get(outcome="same").requests == 6
        assert "different" in counted
        assert "status 200, 404, body total" in found

    def test_keeps_the_newest_differences_alone(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(mirrored, "KEPT_DIFFERENCES", 3)
        at = datetime(2026, 11, 1, tzinfo=UTC)
        several = [Difference("orders", "users", "GET", f"/orders/{number}", ("body",), at) for number in range(5)]

        mirrored.keep({("orders", "users", Outcome.DIFFERENT): 5}, several)

        assert [each.path for each in MirrorDifference.objects.order_by("pk")] == [
            "/orders/2",
            "/orders/3",
            "/orders/4",
        ]
