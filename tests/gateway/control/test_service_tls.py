"""TLS of services where an operator states it, and where he is told of it."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from ficus.testing import tokens
from gateway.control import document, services, troubles, upstreams
from gateway.control.diagnosis import diagnose
from gateway.control.models import Service
from gateway.data.operations import report
from gateway.data.routing.table import Table
from gateway.data.upstream.address import Address
from gateway.data.upstream.terms import ServiceTerms
from gateway.data.upstream.tls import Tls
from tests.gateway.certificates import make
from tests.gateway.making import gateway

pytestmark = pytest.mark.django_db


def state(**tls: str) -> None:
    """Make the table name a service that is asked so."""
    table = document.current()
    table["services"]["stock"] = {"instances": [{"address": "https://10.0.0.5:8443"}], "terms": {"tls": tls}}
    services.apply(table, by="tests", reason="New", at=timezone.now())


class TestForm:
    def test_takes_files_and_a_name(self, client: Client, settings: Any) -> None:
        settings.TOKENS = tokens.trusting(settings.TOKENS)
        client.defaults.update(tokens.bearer(username="root", roles=["admin"]))
        said = {
            "name": "stock",
            "instances": "https://10.0.0.5:8443",
            "terms__tls": "ca: /etc/ca.pem\nserver_name: stock.test",
            "reason": "New",
        }

        answered = client.post("/admin/control/service/add/", said)

        assert answered.status_code == 302
        stock = Service.objects.get(name="stock")
        assert stock.terms == {"tls": {"ca": "/etc/ca.pem", "server_name": "stock.test"}}
        page = client.get(f"/admin/control/service/{stock.pk}/change/").content.decode()
        assert "ca: /etc/ca.pem\nserver_name: stock.test" in page


class TestTroubles:
    def test_name_files_that_cannot_be_used(self, tmp_path: Path) -> None:
        one, other = make(tmp_path, "a.test"), make(tmp_path, "b.test")
        state(ca="/nowhere.pem", certificate=one.certificate, key=other.key)

        found = troubles.found()

        beginning = "stock: a certificate cannot be used, and the last good ones stay: "
        assert [each for each in found if each.startswith("stock: ")] == [
            f"{beginning}/nowhere.pem: No such file or directory",
            f"{beginning}{one.certificate} with {other.key}: key values mismatch",
        ]

    def test_name_certificates_that_end_and_authorities_of_which_all_have(self, tmp_path: Path) -> None:
        own = make(tmp_path, "own.test", days=5.5)
        old, new = make(tmp_path, "old.test", days=-1), make(tmp_path, "new.test", days=300)
        both = tmp_path / "both.pem"
        both.write_text(Path(old.certificate).read_text() + Path(new.certificate).read_text())
        state(ca=str(both), certificate=own.certificate, key=own.key)
        before = [(str(each.state), each.detail) for each in diagnose() if each.subject == "certificate"]

        both.write_text(Path(old.certificate).read_text())
        after = [(str(each.state), each.detail) for each in diagnose() if each.subject == "certificate"]

        assert [(state, message.partition(" on ")[0]) for state, message in before] == [
            ("warn", f"The certificate {own.certificate} expires")
        ]
        assert [(state, message.partition(" on ")[0]) for state, message in after] == [
            ("wrong", f"The certificate {both} expired"),
            ("warn", f"The certificate {own.certificate} expires"),
        ]

    def test_of_a_worker_are_shown_with_its_upstreams(self) -> None:
        within, out = gateway(), StringIO()
        terms = {"stock": ServiceTerms(tls=Tls(ca="/nowhere.pem"))}
        within.use(Table((), 1, {"stock": (Address("https://10.0.0.1"),)}, terms))
        upstreams.keep_report("host:1", report(within), timezone.now())

        call_command("upstreams", stdout=out)

        assert "  tls        /nowhere.pem: No such file or directory" in out.getvalue().splitlines()
