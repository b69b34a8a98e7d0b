"""Which modules are served compiled, and which never are. Nothing is compiled for it."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.compiling import MODULES
from gateway.compiled import MANIFEST, ROOT, SUFFIX, NotServed, digest_of, serve

# Tells what has been imported when the gateway is about to be.
WATCH = """
import sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "gateway":
            print(*sys.modules)
sys.meta_path.insert(0, Watch())
"""


def made(place: Path, *modules: str) -> Path:
    """Return a directory with what looks like the modules compiled, whose source is one line each."""
    for name in modules:
        (place / f"{name}.py").write_text(f"name = {name!r}\n")
    directory = place / "compiled"
    directory.mkdir()
    for name in (*modules, "shared"):
        (directory / f"{name}{SUFFIX}").write_bytes(b"")
    digests = {name: digest_of(name, place) for name in modules}
    (directory / MANIFEST).write_text(json.dumps({"maker": "tests", "shared": "shared", "modules": digests}))
    return directory


class TestServe:
    def test_refuses_what_was_made_of_another_source(self, tmp_path: Path) -> None:
        directory = made(tmp_path, "one_of_two", "other_of_two")
        (tmp_path / "other_of_two.py").write_text("name = 'changed'\n")
        finders = list(sys.meta_path)

        with pytest.raises(NotServed, match=r"^other_of_two is not any more what was compiled$"):
            serve(directory, tmp_path)

        assert sys.meta_path == finders

    def test_refuses_what_another_interpreter_needs(self, tmp_path: Path) -> None:
        directory = made(tmp_path, "one_of_two")
        (directory / f"one_of_two{SUFFIX}").rename(directory / "one_of_two.cpython-399-other.so")

        with pytest.raises(NotServed, match=f"^there is no one_of_two{SUFFIX}, which this interpreter needs$"):
            serve(directory, tmp_path)

    def test_refuses_when_a_part_is_imported_already(self, tmp_path: Path) -> None:
        directory = made(tmp_path, "json", "one_of_two")

        with pytest.raises(NotServed, match=r"^json has been imported already$"):
            serve(directory, tmp_path)

    def test_refuses_an_empty_directory(self, tmp_path: Path) -> None:
        with pytest.raises(NotServed, match=r"^nothing has been compiled there$"):
            serve(tmp_path, tmp_path)

    def test_is_not_passed_over_by_a_process_that_was_told_to(self, tmp_path: Path) -> None:
        environment = {**os.environ, "GATEWAY_COMPILED": str(tmp_path)}

        done = subprocess.run([sys.executable, "-c", "import gateway"], cwd=ROOT, env=environment, capture_output=True)

        assert done.returncode == 2
        assert done.stderr.decode() == (
            f"GATEWAY_COMPILED={tmp_path}: nothing has been compiled there; `make compiled` makes it anew\n"
        )


class TestModules:
    def test_have_every_class_among_them_that_is_derived_from_one_of_them(self) -> None:
        """Whoever derives from a compiled class must be compiled too."""
        classes = [
            found
            for name in MODULES
            for found in vars(importlib.import_module(name)).values()
            if isinstance(found, type) and found.__module__ == name
        ]
        importlib.import_module("gateway.data.worker")

        derived = {
            each for found in classes for each in found.__subclasses__() if not each.__module__.startswith("tests.")
        }

        assert {each.__module__ for each in derived} - set(MODULES) == set()
        assert "AtOnce" in {each.__name__ for each in derived}

    @pytest.mark.parametrize("start", ["import config.gunicorn, gateway.data.worker", "import django; django.setup()"])
    def test_are_not_imported_before_the_gateway_could_have_them_served(self, start: str) -> None:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.gateway.settings"}

        done = subprocess.run([sys.executable, "-c", WATCH + start], cwd=ROOT, env=environment, capture_output=True)

        imported = done.stdout.decode().splitlines()[0].split()
        assert (done.returncode, "config" in imported) == (0, True), done.stderr.decode()
        assert set(imported) & set(MODULES) == set()
