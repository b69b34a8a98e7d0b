"""Routes that a test module needs beside the usual ones, in force for as long as it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.gateway.wire.conftest import Door
from tests.gateway.wire.waiting import until


@contextmanager
def with_routes(door: Door, directory: Path, routes: dict[str, Any], probe: str) -> Iterator[None]:
    """:param probe: a path that one of the routes serves, and none of the usual ones."""
    usual, more = directory / "usual.yaml", directory / "more.yaml"
    door.manage("table", "export", str(usual))
    table = yaml.safe_load(usual.read_text())
    table["routes"].update(routes)
    more.write_text(yaml.safe_dump(table))
    door.manage("table", "apply", str(more))
    until(lambda: door.ask("OPTIONS", probe).status != 404)
    yield
    door.manage("table", "apply", str(usual))
