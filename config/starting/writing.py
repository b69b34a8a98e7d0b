"""Writes a new service into the tree, and its entry into config/services.py and .env.example: all of it or nothing."""

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from config.addresses import PORTS
from config.services import SERVICES
from config.starting.names import Names, host

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = "-tpl"
LIST = Path("config/services.py")
VARIABLES = Path(".env.example")
ENTRY = """    Service(
        "{{ name }}",
        port={{ port }},
        rpc_port={{ rpc_port }},
        seeds=("{{ name }}", 20),
        scopes={
            "{{ name }}:read": "See your {{ words }}",
            "{{ name }}:write": "Add {{ words }} for you",
        },
        servicers=("apps.{{ name }}.rpc.{{ Name }}Servicer",),
    ),
"""
LINES = """
# --- The same for {{ words }} ---
#{{ NAME }}_SECRET_KEY=
#{{ NAME }}_DIRECT_URL=
#{{ NAME }}_DATABASE_URL=postgres://{{ name }}:...@127.0.0.1:5432/{{ name }}
#{{ NAME }}_URL=http://127.0.0.1:{{ port }}
#{{ NAME }}_RPC=127.0.0.1:{{ rpc_port }}
#{{ NAME }}_PORT={{ port }}
#{{ NAME }}_RPC_PORT={{ rpc_port }}
#{{ NAME }}_WORKERS=1
#{{ NAME }}_PARTITIONS=1
"""


class CannotWrite(Exception):
    """Nothing was written; the message says why, in one line."""


def write(names: Names, root: Path) -> list[Path]:
    """
    Write the service below ``root``, a tree of this project, and return which files are new or changed.

    :raises CannotWrite: if one of the files is there already, or a tool that is needed is not or fails.
    """
    context = Context({**names.context(), **_places(root)}, autoescape=False)
    with tempfile.TemporaryDirectory(prefix=".startservice-", dir=root) as folder:
        made = Path(folder)
        for path, text in _rendered(context):
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(text)
        _generate(made)
        paths = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
        if standing := [path for path in paths if (root / path).exists()]:
            raise CannotWrite(f"{standing[0]} is there already")
        (made / VARIABLES).write_text((root / VARIABLES).read_text() + _render(LINES, context))
        (made / LIST).write_text(_with_entry((root / LIST).read_text(), _render(ENTRY, context)))
        _move(made, root, [*paths, VARIABLES, LIST])
    return [*paths, VARIABLES, LIST]


def _places(root: Path) -> dict[str, Any]:
    """Return where the service comes to stand: at free ports, beside the others, after the gateway's migrations."""
    taken = set(PORTS.values())
    routes = sorted(path.stem for path in (root / "gateway/control/migrations").glob("[0-9]*.py"))
    return {
        "port": str(next(port for port in count(SERVICES[0].port) if port not in taken)),
        "rpc_port": str(next(port for port in count(SERVICES[0].rpc_port) if port not in taken)),
        "others": [{"NAME": other.name.upper(), "host": host(other.name)} for other in SERVICES],
        "last_route_migration": routes[-1],
        "route_number": f"{int(routes[-1].split('_')[0]) + 1:04}",
    }


def _rendered(context: Context) -> Iterator[tuple[Path, str]]:
    """Yield each file by its path in the tree."""
    for template in sorted(TEMPLATES.rglob(f"*{SUFFIX}")):
        path = str(template.relative_to(TEMPLATES)).removesuffix(SUFFIX)
        for placeholder, value in (("service_name", "name"), ("thing_name", "thing"), ("route_number", "route_number")):
            path = path.replace(placeholder, context[value])
        yield Path(path), _render(template.read_text(), context)


def _render(template: str, context: Context) -> str:
    return Engine().from_string(template).render(context)


def _generate(made: Path) -> None:
    """Make Python of the protos, and put it all into the project's one format, whose lines the names may outgrow."""
    protos = [str(path.relative_to(made)) for path in made.rglob("*.proto")]
    out = ("--python_out=.", "--pyi_out=.", "--grpc_python_out=.")
    for command in (("grpc_tools.protoc", "-I.", *out, *protos), ("ruff", "format", "--quiet", "--no-cache", ".")):
        done = subprocess.run([sys.executable, "-m", *command], cwd=made, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise CannotWrite(f"{command[0]} failed ({reason}); `make tools` installs it")


def _with_entry(source: str, entry: str) -> str:
    """Return the list of services with one more at its end."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SERVICES" and node.end_lineno:
            lines = source.splitlines(keepends=True)
            lines.insert(node.end_lineno - 1, entry)
            return "".join(lines)
    raise CannotWrite(f"{LIST} has no list SERVICES to add to")


def _move(made: Path, root: Path, paths: list[Path]) -> None:
    """Move files from one tree to another, the last of them the entry that makes the rest known."""
    before = {path: (root / path).read_bytes() for path in paths if (root / path).exists()}
    moved: list[Path] = []
    try:
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(made / path, root / path)
            moved.append(path)
    except OSError as error:
        for path in moved:
            if path in before:
                (root / path).write_bytes(before[path])
            else:
                (root / path).unlink()
        raise CannotWrite(f"{error.filename2 or error.filename}: {error.strerror}") from None
