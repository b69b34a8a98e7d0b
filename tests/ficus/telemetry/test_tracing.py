"""One order is one trace, and tracing that is off or has nobody to listen costs nothing; semantics section 12."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ficus import context
from ficus.telemetry import tracing
from ficus.testing.otlp import Sink

ROOT = Path(__file__).resolve().parents[3]
FRONT_DOOR_TRACE = "0af7651916cd43dd8448eb211c80319c"
PROGRAM = "tests/ficus/telemetry/traced_process.py"


def run(tmp_path: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python as the deployable under test, on a database of its own."""
    service = os.environ["DJANGO_SETTINGS_MODULE"].split(".")[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    database = {f"{service.upper()}_DATABASE_URL": f"sqlite:///{tmp_path}/traced.sqlite3"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**inherited, **database, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sink, list[str]]:
    """What the traced process sent, and said."""
    with Sink() as sink:
        done = run(tmp_path_factory.mktemp("traced"), PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint)
    return sink, done.stdout.splitlines()


@pytest.fixture
def sink(traced: tuple[Sink, list[str]]) -> Sink:
    return traced[0]


class TestTracingThatIsOff:
    def test_imports_nothing_of_opentelemetry(self, tmp_path: Path) -> None:
        program = (
            "import sys, django; from ficus.telemetry import tracing; tracing.start(); django.setup();"
            "import ficus.rpc.client, ficus.http.problem_document;"
            "print([name for name in sys.modules if name.startswith('opentelemetry')])"
        )

        assert run(tmp_path, "-c", program).stdout.strip() == "[]"

    def test_knows_no_trace_and_does_the_work(self) -> None:
        with tracing.continued("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "work"):
            assert tracing.current_traceparent() == ""
            assert tracing.current_ids() == ("", "")

    def test_passes_on_the_trace_that_the_work_came_with(self) -> None:
        with context.entered(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
            assert tracing.current_ids() == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


class TestTracing:
    def test_follows_one_order_over_http_grpc_and_events(self, sink: Sink) -> None:
        [spans] = [spans for trace_id, spans in sink.traces().items() if trace_id != FRONT_DOOR_TRACE]

        by_name = {(span.kind, span.name): span for span in spans}
        request = by_name["SERVER", "GET place"]
        question = by_name["CLIENT", "/ficus.users.v1.Users/GetCredit"]
        answer = by_name["SERVER", "/ficus.users.v1.Users/GetCredit"]
        handling = by_name["CONSUMER", "users receives orders.order_placed"]
        assert request.parent_id == ""
        assert question.parent_id == request.span_id
        assert answer.parent_id == question.span_id
        assert handling.parent_id == request.span_id
        assert handling.links == (request.trace_id,)
        assert {span.service for span in spans} == {os.environ["DJANGO_SETTINGS_MODULE"].split(".")[1]}

    def test_takes_a_span_that_a_front_door_kept_itself_as_the_first_of_the_trace(self, sink: Sink) -> None:
        spans = {span.name: span for span in sink.traces()[FRONT_DOOR_TRACE]}

        assert spans["GET orders"].span_id == "b7ad6b7169203331"
        assert spans["GET orders"].parent_id == ""
        assert spans["GET orders"].links == ("1" * 32,)
        assert spans["GET orders"].attributes == {"http.response.status_code": "201"}
        assert spans["GET place"].parent_id == "b7ad6b7169203331"

    def test_keeps_apart_what_is_handled_together(self, traced: tuple[Sink, list[str]]) -> None:
        sink, said = traced
        by_name = {span.name: span for span in sink.spans()}
        one, another = by_name["orders receives one"], by_name["orders receives another"]
        [request] = [span for span in sink.spans() if span.span_id == one.parent_id]

        assert (request.name, request.trace_id) == ("GET place", one.trace_id)
        assert (another.trace_id, another.parent_id) == (FRONT_DOOR_TRACE, "b7ad6b7169203331")
        followed = [traceparent.split("-")[1:3] for traceparent in said[-1].split()]
        assert followed == [[span.trace_id, span.span_id] for span in (one, another)]
        assert (one.kind, one.attributes) == ("CONSUMER", {"event_id": "1"})

    def test_shows_queries_within_a_request_and_none_that_nobody_asked_for(self, sink: Sink) -> None:
        queries = [span.attributes.get("db.statement") for span in sink.spans() if "db.statement" in span.attributes]

        assert "SELECT 1" in queries
        assert "SELECT 2" not in queries

    def test_leaves_out_what_is_asked_again_and_again(self, sink: Sink) -> None:
        assert not [span for span in sink.spans() if "livez" in span.name or "revocations" in span.name]


class TestTracingWithNobodyListening:
    def test_changes_nothing_and_ends_soon(self, tmp_path: Path) -> None:
        began = time.monotonic()

        done = run(tmp_path, PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")

        assert len(done.stdout.splitlines()[0].split("-")) == 4
        assert time.monotonic() - began < 15


class TestTheShareOfTraces:
    def test_changes_for_traces_that_begin_from_then_on(self) -> None:
        from opentelemetry.sdk.trace.sampling import Decision
        from opentelemetry.trace import SpanKind

        from ficus.telemetry.exporting import Roots

        roots = Roots(0.0)
        before = roots.should_sample(None, 1, "GET", SpanKind.SERVER).decision
        roots.use(1.0)
        after = roots.should_sample(None, 1, "GET", SpanKind.SERVER).decision

        assert (before, after) == (Decision.DROP, Decision.RECORD_AND_SAMPLE)

    def test_may_be_said_to_a_process_that_traces_nothing(self) -> None:
        tracing.sample(0.5)

        assert not tracing.running()
