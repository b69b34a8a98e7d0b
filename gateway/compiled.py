"""
Has modules served from a directory of extension modules, made by ``config.compiling`` of their very source.

They lie nowhere where Python would find them by itself, and are served only if each was made of the source that lies
here now, for this interpreter: nobody runs yesterday's code by accident.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = "manifest.json"
SUFFIX = EXTENSION_SUFFIXES[0]  # names the interpreter and the machine
_served: list[str] = []


class NotServed(Exception):
    """What is in the directory cannot stand in for the source; one line says why."""


class Finder(MetaPathFinder):
    """Finds the modules named, before Python looks for their source."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self._files.get(fullname)
        return spec_from_file_location(fullname, file) if file is not None else None


def serve(directory: Path, root: Path = ROOT) -> None:
    """
    Serve from now on what the manifest of ``directory`` names.

    :param root: where the source lies.
    :raises NotServed: as ``check`` does; or if some of it has been imported already, since half of it would not do.
    """
    made = read_manifest(directory)
    check(made, directory, root)
    files = files_of(made, directory)
    if early := [name for name in files if name in sys.modules]:
        raise NotServed(f"{early[0]} has been imported already")
    sys.meta_path.insert(0, Finder(files))
    _served.extend(made["modules"])


def told() -> str:
    """Return which the data path is, for people."""
    return f"compiled, {len(_served)} modules" if _served else "interpreted"


def read_manifest(directory: Path) -> dict[str, Any]:
    """
    Return what was made: ``modules``, each with the digest of its source; ``shared``, which they load; ``maker``.

    :raises NotServed: if there is none.
    """
    try:
        found: dict[str, Any] = json.loads((directory / MANIFEST).read_text())
    except (OSError, ValueError):
        raise NotServed("nothing has been compiled there") from None
    return found


def check(made: Mapping[str, Any], directory: Path, root: Path = ROOT) -> None:
    """:raises NotServed: if anything is missing, or was made of other source or for another interpreter."""
    if absent := [file.name for file in files_of(made, directory).values() if not file.exists()]:
        raise NotServed(f"there is no {absent[0]}, which this interpreter needs")
    if stale := [name for name, digest in made["modules"].items() if digest != digest_of(name, root)]:
        raise NotServed(f"{stale[0]} is not any more what was compiled")


def files_of(made: Mapping[str, Any], directory: Path) -> dict[str, Path]:
    return {name: directory / f"{name}{SUFFIX}" for name in (*made["modules"], made["shared"])}


def digest_of(name: str, root: Path = ROOT) -> str:
    """Return the digest of a module's source, or empty if it has none."""
    try:
        return sha256((root / (name.replace(".", "/") + ".py")).read_bytes()).hexdigest()
    except OSError:
        return ""
