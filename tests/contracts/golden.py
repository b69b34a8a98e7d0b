"""The JSON of every published event, as it is on the wire: what producers must write and consumers must understand."""

import json
from pathlib import Path
from typing import Any, TypeVar, cast

from ficus.events import schema

FOLDER = Path(__file__).parent / "golden"
E = TypeVar("E", bound=schema.Event)


def golden(event: type[schema.Event]) -> dict[str, Any]:
    """Return the pinned payload of an event class. A change to it breaks whoever reads it: declare a new version."""
    return payload_of(event.TYPE, event.VERSION)


def payload_of(name: str, version: int) -> dict[str, Any]:
    """Return the pinned payload of a version, which may have no class any more."""
    payload: dict[str, Any] = json.loads((FOLDER / f"{name}.v{version}.json").read_text())
    return payload


def example(event: type[E]) -> E:
    """Return the pinned payload as an event."""
    return cast(E, schema.decode(event.TYPE, event.VERSION, golden(event)))
