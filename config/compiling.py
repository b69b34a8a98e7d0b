"""
``make compiled``: compiles the hot part of the gateway's data path with mypyc, to be served by ``GATEWAY_COMPILED``.

It needs a C compiler, Python's headers and mypy, which nothing else here needs to run. What is interpreted otherwise is
the very same source; ``gateway.compiled`` serves what was made of it for as long as it is the same.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gateway.compiled import MANIFEST, ROOT, SUFFIX, NotServed, check, digest_of, files_of, read_manifest

COMPILED = ROOT / "build" / "compiled"
CACHE = ROOT / ".mypy_cache" / "compiling"
SHARED = "ficus_compiled"
# What nearly every request passes through. Left out: what is done once a connection or more rarely, and whatever has
# terms of policies in it, whose classes are msgspec's.
MODULES = (
    "ficus.resilience.breaker",
    "ficus.resilience.budget",
    "ficus.resilience.bulkhead",
    "ficus.resilience.window",
    "gateway.data.access_log",
    "gateway.data.alarm",
    "gateway.data.alteration",
    "gateway.data.attempts",
    "gateway.data.deadline",
    "gateway.data.degrading",
    "gateway.data.exchange",
    "gateway.data.limiting.gcra",
    "gateway.data.limiting.keys",
    "gateway.data.limiting.ledger",
    "gateway.data.limiting.limiter",
    "gateway.data.limiting.occupancy",
    "gateway.data.message.answer",
    "gateway.data.message.at_once",
    "gateway.data.message.chunks",
    "gateway.data.message.cookies",
    "gateway.data.message.fields",
    "gateway.data.message.onward",
    "gateway.data.message.path",
    "gateway.data.message.peer",
    "gateway.data.message.preflight",
    "gateway.data.message.reader",
    "gateway.data.message.refusal",
    "gateway.data.message.request",
    "gateway.data.message.trace",
    "gateway.data.policies.authenticate",
    "gateway.data.policies.canonicalise",
    "gateway.data.policies.limit",
    "gateway.data.policies.match",
    "gateway.data.protocol",
    "gateway.data.record",
    "gateway.data.retrying",
    "gateway.data.routing.table",
    "gateway.data.tally",
    "gateway.data.tokens",
    "gateway.data.upstream.connection",
    "gateway.data.upstream.guard",
    "gateway.data.upstream.instance",
    "gateway.data.upstream.standing",
    "gateway.data.upstream.upstream",
)


class CannotCompile(Exception):
    """Something that it takes is not on this machine, or the compiler has failed; one line says what."""


def make(directory: Path = COMPILED) -> Path:
    """
    Make what is missing or out of date, and return where it is.

    :raises CannotCompile: if that cannot be.
    """
    maker = _maker()
    if not _is_current(directory, maker):
        modules = {name: digest_of(name) for name in MODULES}
        with tempfile.TemporaryDirectory(prefix="ficus-compiling-") as place:
            _run(Path(place))
            if modules != {name: digest_of(name) for name in MODULES}:
                raise CannotCompile("the source has changed meanwhile")
            _keep(Path(place), directory, {"maker": maker, "shared": f"{SHARED}__mypyc", "modules": modules})
    return directory


def _maker() -> str:
    """:raises CannotCompile: if there is nothing to compile with."""
    compiler = str(sysconfig.get_config_var("CC") or "cc").split()[0]
    if not shutil.which(compiler):
        raise CannotCompile(f"there is no {compiler} on this machine")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        raise CannotCompile("Python's headers are not on this machine; on Debian: apt install python3-dev")
    try:
        return f"mypyc {version('mypy')} for Python {platform.python_version()}"
    except PackageNotFoundError:
        raise CannotCompile("mypy is not installed: make tools") from None


def _is_current(directory: Path, maker: str) -> bool:
    try:
        made = read_manifest(directory)
        check(made, directory)
    except NotServed:
        return False
    return made["maker"] == maker and set(made["modules"]) == set(MODULES)


def _run(place: Path) -> None:
    """Compile in a process of its own: setuptools changes whatever process it is in."""
    command = [sys.executable, "-m", "config.compiling", "--into", str(place)]
    environment = {**os.environ, "GATEWAY_COMPILED": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotCompile(f"the compiler has failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def compile_into(place: Path) -> None:
    """Leave the extension modules below ``place``, where their source is below here."""
    from mypyc.build import mypycify
    from setuptools import setup

    # Of our own types alone, so that the same is made whatever else is installed.
    options = ["--config-file=", "--no-site-packages", "--ignore-missing-imports", "--follow-imports=silent"]
    sources = [name.replace(".", "/") + ".py" for name in MODULES]
    extensions = mypycify(
        [*options, f"--cache-dir={CACHE}", *sources],
        opt_level="3",
        debug_level="0",
        target_dir=str(place / "c"),
        group_name=SHARED,
    )
    for extension in extensions:
        # Newer compilers warn of more than those for which mypyc writes.
        extension.extra_compile_args = [each for each in extension.extra_compile_args if each != "-Werror"]
    setup(
        name=SHARED,
        packages=[],
        ext_modules=extensions,
        script_args=["--quiet", "build_ext", f"--build-lib={place}", f"--build-temp={place / 'objects'}"],
    )


def _keep(place: Path, directory: Path, made: Mapping[str, Any]) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name, file in files_of(made, directory).items():
        shutil.copy(place / f"{name.replace('.', '/')}{SUFFIX}", file)
    (directory / MANIFEST).write_text(json.dumps(made, indent=2))


def main() -> int:
    if sys.argv[1:2] == ["--into"]:
        compile_into(Path(sys.argv[2]))
        return 0
    try:
        directory = make()
    except CannotCompile as error:
        print(error, file=sys.stderr)
        return 2
    print(f"GATEWAY_COMPILED={directory.relative_to(ROOT)} has the gateway run compiled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
