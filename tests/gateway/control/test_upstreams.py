"""Orders about upstreams and what workers report of them, in the admin and by command."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ficus.testing import tokens
from gateway.control import troubles, upstreams
from gateway.control.compiling import compile_document
from gateway.control.models import Service, UpstreamOrder, WorkerReport
from gateway.control.upstreams import UnknownService
from gateway.data.operations import Action, Order, report
from gateway.data.routing.table import Table
from gateway.data.upstream.address import Address
from gateway.data.upstream.terms import ServiceTerms
from tests.gateway.making import gateway

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = "/admin/control/upstreamorder/"


@pytest.fixture(autouse=True)
def _trusted_tokens(settings: Any) -> None:
    settings.TOKENS = tokens.trusting(settings.TOKENS)


def signed_in(client: Client, role: str) -> Client:
    client.defaults.update(tokens.bearer(username="olga", roles=[role]))
    return client


def ordered(action: Action, service: str = "orders") -> UpstreamOrder:
    return upstreams.order(service, action, by="olga", reason="maintenance", at=NOON)


def reported(at: datetime, *, failing: bool = False) -> None:
    """Keep what a worker reports of two instances."""
    within = gateway()
    within.use(Table((), 1, {"orders": (Address("http://10.0.0.1"), Address("http://10.0.0.2"))}))
    upstream = within.upstreams["orders"]
    for _ in range(5 * failing):
        upstream.guard.breaker.admit(1.0).fail(connecting=True)
        upstream.note_failure(upstream.instances[0], 1.0)
    upstreams.keep_report("host:1", report(within), at)


class TestOrders:
    def test_are_kept_with_who_and_why(self) -> None:
        made = ordered(Action.FORCE_OPEN)

        row = UpstreamOrder.objects.get()
        assert (row.service, row.action, row.by, row.reason, row.at) == (
            "orders",
            "force open",
            "olga",
            "maintenance",
            NOON,
        )
        assert upstreams.orders_after(made.pk - 1) == [Order(made.pk, "orders", Action.FORCE_OPEN, "maintenance")]

    def test_concern_services_of_the_table(self) -> None:
        with pytest.raises(UnknownService, match="stock is no service"):
            ordered(Action.RESET, "stock")

        assert not UpstreamOrder.objects.exists()

    def test_that_were_overtaken_are_nothing_to_a_new_worker(self) -> None:
        ordered(Action.FORCE_OPEN)
        ordered(Action.FORCE_CLOSE, "users")
        last = ordered(Action.FORCE_CLOSE)

        found = [(each.service, each.action) for each in upstreams.orders_after(0)]

        assert found == [("users", Action.FORCE_CLOSE), ("orders", Action.FORCE_CLOSE)]
        assert upstreams.orders_after(last.pk) == []


class TestReports:
    def test_are_replaced_by_newer_ones_and_forgotten_when_a_worker_is_gone(self) -> None:
        WorkerReport.objects.create(worker="host:0", report={}, at=NOON - timedelta(hours=2))

        reported(NOON)
        reported(NOON + timedelta(seconds=2))

        assert [(row.worker, row.at) for row in WorkerReport.objects.all()] == [("host:1", NOON + timedelta(seconds=2))]
        assert [each.service for each in upstreams.reported(NOON)] == ["orders"]
        assert upstreams.reported(NOON + timedelta(seconds=60)) == []

    def test_say_what_is_wrong(self) -> None:
        reported(NOON, failing=True)

        assert list(upstreams.troubles(NOON)) == [
            "orders: the breaker is open in host:1: 5 connect failures in a row",
            "orders at http://10.0.0.1 is ejected in host:1",
        ]
        assert upstreams.summary("orders", upstreams.reported(NOON)) == "open; 1 of 2 healthy"
        assert upstreams.summary("users", upstreams.reported(NOON)) == ""

    def test_of_trouble_stand_above_the_admin_s_lists(self) -> None:
        reported(timezone.now(), failing=True)

        assert "orders at http://10.0.0.1 is ejected in host:1" in troubles.found()


class TestAdmin:
    def test_shows_the_present_state_of_each_worker(self, client: Client) -> None:
        reported(timezone.now(), failing=True)

        page = signed_in(client, "support").get(PAGE).content.decode()

        assert "orders in host:1" in page
        assert "5 connect failures in a row" in page
        assert "http://10.0.0.1: <strong>ejected</strong>" in page
        assert 'name="_order"' not in page

    def test_lets_an_operator_force_a_breaker(self, client: Client) -> None:
        operator = signed_in(client, "operator")

        answered = operator.post(PAGE, {"_order": "force open", "service": "orders", "reason": "Moving"}, follow=True)

        page = answered.content.decode()
        assert "All workers have it in two seconds" in page
        assert [row.reason for row in UpstreamOrder.objects.filter(by__startswith="olga (")] == ["Moving"]
        assert 'name="_order"' in page

    @pytest.mark.parametrize(
        ("said", "why"),
        [({"reason": " "}, "Say why"), ({"service": "stock"}, "stock is no service"), ({"_order": "x"}, "not a valid")],
    )
    def test_refuses_an_order_that_is_none(self, client: Client, said: dict[str, str], why: str) -> None:
        order = {"_order": "reset", "service": "orders", "reason": "Moving", **said}

        page = signed_in(client, "operator").post(PAGE, order, follow=True).content.decode()

        assert why in page
        assert not UpstreamOrder.objects.exists()

    def test_takes_no_order_from_support(self, client: Client) -> None:
        order = {"_order": "reset", "service": "orders", "reason": "Moving"}

        assert signed_in(client, "support").post(PAGE, order).status_code == 403
        assert not UpstreamOrder.objects.exists()

    def test_has_a_field_for_each_of_a_service_s_terms(self, client: Client) -> None:
        orders = Service.objects.get(name="orders")
        form = {
            "name": "orders",
            "description": "",
            "instances": "",
            "reason": "Measured",
            "terms__balance": "round robin",
            "terms__health_path": "/readyz",
            "terms__in_flight": "128",
            "terms__waiting": "",
        }

        answered = signed_in(client, "admin").post(f"/admin/control/service/{orders.pk}/change/", form)

        assert answered.status_code == 302
        orders.refresh_from_db()
        assert orders.terms == {"balance": "round robin", "in_flight": 128}


class TestCommand:
    def test_lists_what_workers_report(self) -> None:
        reported(timezone.now(), failing=True)
        out = StringIO()

        call_command("upstreams", stdout=out)

        lines = out.getvalue().splitlines()
        assert lines[0] == "orders in host:1"
        assert lines[1].startswith("  breaker    open for 0 s, ")
        assert lines[1].endswith("(5 connect failures in a row); 0 failed and 0 slow of 0 in 10 s")
        assert lines[2:4] == [
            "  places     0 of 64 taken, 0 wait, 0 refused",
            "  retries    0 of 0 requests, 0 refused",
        ]
        assert lines[5] == "  instance   http://10.0.0.2 healthy, 0 outstanding"

    def test_gives_an_order(self) -> None:
        call_command("upstreams", "force-close", "orders", reason="Known", by="olga", stdout=StringIO())

        assert [(row.action, row.by) for row in UpstreamOrder.objects.all()] == [("force close", "olga")]

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [(("reset", "orders"), "--reason why"), (("reset", "stock", "--reason=x"), "stock is no service")],
    )
    def test_says_what_is_missing(self, arguments: tuple[str, ...], why: str) -> None:
        with pytest.raises(CommandError, match=why) as failed:
            call_command("upstreams", *arguments, stdout=StringIO())

        assert failed.value.returncode == 2


class TestTermsOfAService:
    def test_are_checked_with_the_table(self) -> None:
        wrong = {"balance": "any", "health_path": "readyz", "in_flight": 0, "typo": 1}

        mistakes = compile_document({"services": {"orders": {"terms": wrong}}, "routes": {}}).mistakes

        assert len(mistakes) == 4
        assert all(mistake.startswith("orders: terms: ") for mistake in mistakes)

    def test_reach_the_table(self) -> None:
        terms = {"balance": "round robin", "health_path": "none"}

        table = compile_document({"services": {"orders": {"terms": terms}}, "routes": {}}).table(1)

        assert table.terms["orders"] == ServiceTerms(balance="round robin", health_path="none")
