"""What happens to one order, in every process of the system, is one trace; semantics section 12."""

import os
from collections.abc import Iterator

import pytest

from ficus.testing.otlp import Sink, Span
from tests.e2e.people import Person
from tests.e2e.system import System, eventually
from tests.servers import Databases, Servers

# Which service serves or handles what when an order is placed and confirmed.
SERVED = {
    ("gateway", "POST orders-place"),
    ("orders", "POST orders"),
    ("users", "/ficus.users.v1.Users/GetCredit"),
}
HANDLED = {
    ("users", "orders.order_placed"),
    ("orders", "users.credit_reserved"),
    # Figures follow the own log.
    ("orders", "orders.order_placed"),
    ("orders", "orders.order_confirmed"),
}


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def traced(sink: Sink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own, since tracing slows what the others measure."""
    databases = Databases(Servers.read(os.environ)) if os.environ.get("TEST_SERVERS") else None
    system = System("services", tmp_path_factory.mktemp("traced"), databases)
    system.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.endpoint
    with system.running():
        yield system


class TestOneOrder:
    def test_is_one_trace_from_the_front_door_to_the_last_worker(self, traced: System, sink: Sink) -> None:
        guest = Person.join(traced.url)
        sku = traced.cheapest()["sku"]
        # The first makes the connections, which may take longer than the question for credit may.
        guest.place(sku, wait=10)

        placed = guest.place(sku, wait=10)

        assert placed.json()["status"] == "CONFIRMED"
        trace_id = placed.headers["X-Request-ID"]
        spans = eventually(lambda: sink.traces().get(trace_id, []), is_whole)
        assert (served(spans) >= SERVED, handled(spans)) == (True, HANDLED)
        assert {span.service for span in spans} == {"gateway", "orders", "users"}
        assert [span.name for span in spans if not span.parent_id] == ["POST orders-place"]
        assert orphans(spans) == []


def is_whole(spans: list[Span]) -> bool:
    return served(spans) >= SERVED and handled(spans) >= HANDLED and not orphans(spans)


def served(spans: list[Span]) -> set[tuple[str, str]]:
    """Return which service served which route or call."""
    return {(span.service, span.name) for span in spans if span.kind == "SERVER"}


def handled(spans: list[Span]) -> set[tuple[str, str]]:
    """Return which service handled which event."""
    return {(span.service, span.name.rpartition(" ")[2]) for span in spans if span.kind == "CONSUMER"}


def orphans(spans: list[Span]) -> list[str]:
    """Return the names of spans whose parent has not arrived."""
    known = {span.span_id for span in spans}
    return [span.name for span in spans if span.parent_id and span.parent_id not in known]
