"""Log lines: one each, signed, in context, without secrets; semantics section 12."""

import json
import logging
from typing import Any

import pytest
import structlog

from ficus import context
from ficus.telemetry import logs
from ficus.telemetry.redaction import redacted

MACHINE = {"service": "orders", "version": "1.2.3", "level": "INFO", "json": True}


class Lines(logging.Handler):
    """Keeps what a formatter makes of each record."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        self.setFormatter(logs.formatter(**options))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.lines[-1])
        return line


@pytest.fixture
def logger() -> logging.Logger:
    made = logging.Logger("apps.orders.services")
    made.handlers = [Lines(MACHINE)]
    return made


@pytest.fixture
def written(logger: logging.Logger) -> Lines:
    [lines] = logger.handlers
    assert isinstance(lines, Lines)
    return lines


class TestLineForAMachine:
    def test_says_who_wrote_what_and_where(self, logger: logging.Logger, written: Lines) -> None:
        logger.warning("order %s is late", 7, extra={"minutes": 3})

        line = written.last
        assert line.pop("time").endswith("Z")
        assert line == {
            "event": "order 7 is late",
            "level": "warning",
            "logger": "apps.orders.services",
            "minutes": 3,
            "service": "orders",
            "version": "1.2.3",
        }

    def test_says_for_which_request_it_was_written(self, logger: logging.Logger, written: Lines) -> None:
        with context.entered(correlation_id="request-1", causation_id="event-1", actor="ada"):
            logger.info("placed")

        line = written.last
        assert (line["correlation_id"], line["causation_id"], line["actor"]) == ("request-1", "event-1", "ada")

    def test_stays_one_line_with_a_traceback(self, logger: logging.Logger, written: Lines) -> None:
        try:
            raise ValueError("Bearer abc.def.ghi")
        except ValueError:
            logger.exception("broken")

        assert "\n" not in written.lines[0]
        assert written.last["exception"].endswith("ValueError: Bearer [removed]")


class TestLineForAPerson:
    def test_is_plain_text(self) -> None:
        lines = Lines({**MACHINE, "json": False})

        lines.handle(logging.LogRecord("apps.orders", logging.INFO, "", 0, "placed %s", ("7",), None))

        assert lines.lines[0][13:] == "INFO    apps.orders: placed 7"


class TestRedaction:
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "Authorization: Bearer [removed]"),
            ("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln seen", "token [removed] seen"),
            ("postgres://orders:hunter2@db/orders", "postgres://orders:[removed]@db/orders"),
            ("redis://:hunter2@redis:6379/0", "redis://:[removed]@redis:6379/0"),
            ("POST /auth?password=hunter2&x=1", "POST /auth?password=[removed]&x=1"),
            ('{"password": "hunter2"}', '{"password": "[removed]"}'),
            ("mail to ada@example.com bounced", "mail to [email] bounced"),
            ("order 7 of 2026-11-21T10:00:00Z at 127.0.0.1:8000", "order 7 of 2026-11-21T10:00:00Z at 127.0.0.1:8000"),
        ],
    )
    def test_keeps_all_but_the_secret(self, text: str, kept: str) -> None:
        assert redacted(text) == kept

    def test_looks_at_names_at_any_depth(self) -> None:
        line = {"user": {"refresh_token": "r1", "name": "ada"}, "headers": [{"Cookie": "a=b"}], "total": 5}

        assert redacted(line) == {
            "user": {"refresh_token": "[removed]", "name": "ada"},
            "headers": [{"Cookie": "[removed]"}],
            "total": 5,
        }


class TestConfigure:
    def test_gives_every_library_the_same_lines_once(self, capfd: pytest.CaptureFixture[str]) -> None:
        root = logging.getLogger()
        before = (root.handlers, root.level, structlog.get_config())
        try:
            logs.configure(MACHINE)
            logging.getLogger("django.request").warning("Not Found: /nowhere")
            structlog.get_logger("apps.orders").info("placed", total=5)
        finally:
            root.handlers, root.level = before[:2]
            structlog.configure(**before[2])

        lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
        assert [(line["logger"], line["event"]) for line in lines] == [
            ("django.request", "Not Found: /nowhere"),
            ("apps.orders", "placed"),
        ]
