"""Writes each log line of the process once: JSON for machines, or plain text for a terminal."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ficus import context
from ficus.telemetry import tracing
from ficus.telemetry.redaction import redacted


def configure(options: dict[str, Any]) -> None:
    """
    Send the log of every library to standard error, one line each.

    :param options: ``service``, ``version``, ``level``, and ``json``: whether lines are for a machine.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(**options))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(options["level"])
    for name in ("django", "django.server"):
        library = logging.getLogger(name)
        library.handlers, library.propagate = [], True
    logging.captureWarnings(True)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def formatter(*, service: str, version: str, level: str, json: bool) -> logging.Formatter:
    """Return what makes a line of a record, for handlers that are not the root's."""

    def sign(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
        return {**line, "service": service, "version": version}

    machine: list[Processor] = [sign, structlog.processors.format_exc_info, _redact, _json()]
    person: list[Processor] = [structlog.processors.format_exc_info, _redact, _text]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *(machine if json else person)],
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _without_colours,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _add_context,
    ]


def _json() -> Processor:
    return structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False, default=str)


def _without_colours(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Drop uvicorn's second copy of each message, which is meant for its own terminal colours."""
    line.pop("color_message", None)
    return line


def _add_context(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Say for whom and in which trace the line was written."""
    here = context.current()
    trace_id, span_id = tracing.current_ids()
    found = {
        "correlation_id": here.correlation_id,
        "causation_id": here.causation_id,
        "actor": here.actor,
        "trace_id": trace_id,
        "span_id": span_id,
    }
    return {**{name: value for name, value in found.items() if value}, **line}


def _redact(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    return {name: redacted(value, name) for name, value in line.items()}


def _text(_: WrappedLogger, __: str, line: EventDict) -> str:
    """Return the line as a person reads it in a terminal: time, level, where, what, the rest."""
    time, level, where, what = (str(line.pop(name, "")) for name in ("time", "level", "logger", "event"))
    trace = line.pop("exception", "")
    rest = " ".join(f"{name}={value}" for name, value in line.items())
    text = f"{time[11:23]} {level.upper():7} {where}: {what}" + (f"  {rest}" if rest else "")
    return f"{text}\n{trace}" if trace else text
