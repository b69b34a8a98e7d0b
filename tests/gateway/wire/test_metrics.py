"""What the gateway counts, over all its workers; and that nobody who should listen can hold up a request."""

import re
import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.e2e.system import eventually
from tests.gateway.wire.conftest import Door, running_door
from tests.gateway.wire.service import FakeService

REQUESTS = 40
FAR = "X-Forwarded-For: 192.0.2.7"


@pytest.fixture(scope="module")
def collector() -> Iterator[str]:
    """A collector that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def two_workers(
    tmp_path_factory: pytest.TempPathFactory, _services: tuple[FakeService, FakeService], collector: str
) -> Iterator[Door]:
    more = {
        "WEB_WORKERS": "2",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "METRICS_TOKEN": "open",
        "GATEWAY_TRUSTED_HOPS": "127.0.0.1/32",
    }
    with running_door(tmp_path_factory.mktemp("two-workers"), *_services, **more) as door:
        yield door


@pytest.fixture(autouse=True)
def _forgotten(users: FakeService, orders: FakeService) -> None:
    """What the services were asked here is no matter of other tests."""


class TestMetrics:
    def test_count_what_all_workers_answered_while_the_collector_is_dead(self, two_workers: Door) -> None:
        products = '{method="GET",route="products",status="200",upstream="orders"}'

        statuses = [two_workers.ask("GET", f"/products/{uuid4()}").status for _ in range(REQUESTS)]

        assert statuses == [200] * REQUESTS
        requests = eventually(
            lambda: two_workers.counted("gateway_requests_total"), lambda found: found.get(products, 0) >= REQUESTS
        )
        assert requests[products] == REQUESTS
        seconds = two_workers.counted("gateway_request_seconds_bucket")
        assert seconds['{le="+Inf",route="products",upstream="orders"}'] == REQUESTS
        assert two_workers.counted("gateway_table_version") == {"": 1.0}

    def test_have_no_path_and_nothing_that_a_client_chose_in_their_labels(self, two_workers: Door) -> None:
        for target in ("/products/secret-1?q=secret-2", "/secret-3", "/orders/secret-4"):
            two_workers.ask("GET", target, "X-Request-ID: secret-5", "User-Agent: secret-6")

        eventually(lambda: two_workers.counted("gateway_requests_total"), lambda found: len(found) >= 3)

        text = two_workers.ask("GET", "/metrics").body.decode()
        ours = [line for line in text.splitlines() if line.startswith("gateway_request")]
        labels = {label for line in ours for label in re.findall(r'[{,](\w+)="', line)}
        assert labels == {"le", "method", "route", "status", "upstream"}
        assert "secret" not in text

    def test_are_for_those_who_are_near_or_have_the_token(self, two_workers: Door) -> None:
        def status(*fields: str) -> int:
            return two_workers.ask("GET", "/metrics", *fields).status

        assert (status(), status(FAR)) == (200, 404)
        assert (status(FAR, "Authorization: Bearer open"), status(FAR, "Authorization: Bearer shut")) == (200, 404)
