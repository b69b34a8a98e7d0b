"""Follows docs/events.md to the letter, with real processes, in projects that have of this one the library alone."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ficus.testing.processes import free_ports
from tests.commands import ROOT
from tests.ficus.events.redis_server import RedisServer
from tests.servers import Databases, Servers

PAGE = ROOT / "docs" / "events.md"
BLOCK = re.compile(r'^```\w+ title="(?:(?P<project>\w+): )?(?P<title>[^"]+)"\n(?P<text>.*?)^```$', re.M | re.S)
FIRST = "shop"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Block:
    """A titled block of the page: a file, or commands and what they print."""

    project: str
    title: str
    text: str

    def commands(self) -> list[tuple[str, str]]:
        """Return each command with the output that the page shows for it."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        return [(command, shown.strip()) for command, _, shown in (part.partition("\n") for part in parts)]


def blocks(address: str) -> list[Block]:
    """Return what the page says to do, in its order, with a free address in the place of its own."""
    text = PAGE.read_text().replace("127.0.0.1:9001", address)
    return [Block(found["project"] or FIRST, found["title"], found["text"]) for found in BLOCK.finditer(text)]


@dataclass
class Reader:
    """
    Does what the page says.

    :ivar environment: what the commands see; of this repository, the library alone.
    """

    place: Path
    environment: dict[str, str]
    databases: Databases | None
    _kept: dict[str, list[str]] = field(default_factory=dict)
    _running: dict[str, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    def follow(self, block: Block) -> None:
        if not (self.place / block.project).exists():
            self.start_project(block.project)
        match block.title:
            case "once":
                for command, _ in block.commands():
                    self.run(block.project, command, check=True)
            case "keep running":
                self.keep_running(block.project, [command for command, _ in block.commands()])
            case "try":
                for command, shown in block.commands():
                    self.try_until(block.project, command, shown)
            case title if title.endswith("(SQLite)") and self.databases:
                return
            case title:
                self.write(block.project, title.removesuffix(" (SQLite)"), block.text)

    def start_project(self, name: str) -> None:
        self.run(".", f"python -m django startproject {name}", check=True)
        if self.databases:
            url = self.databases.create(name)
            chosen = f"import dj_database_url\n\nDATABASES['default'] = dj_database_url.parse('{url}')\n"
            self.write(name, f"{name}/settings.py", chosen)

    def write(self, project: str, path: str, text: str) -> None:
        """Put a block into its file: settings grow, everything else is as shown."""
        file = self.place / project / path
        file.write_text(f"{file.read_text()}\n{text}" if path.endswith("settings.py") else text)

    def run(self, project: str, command: str, *, check: bool = False) -> str:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.place / project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def try_until(self, project: str, command: str, shown: str) -> None:
        """Run the command once, or until it prints what the page shows."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while (printed := self.run(project, command, check=not shown)) != shown:
            assert time.monotonic() < ends_at, f"{command}\nprints {printed!r}, not {shown!r}\n{self.logs()}"
            time.sleep(0.2)

    def keep_running(self, project: str, commands: list[str]) -> None:
        """Start the project's processes anew, those that it had before too: its settings may have grown."""
        self.stop(project)
        self._kept.setdefault(project, []).extend(commands)
        self._running[project] = [self.start(project, command) for command in self._kept[project]]

    def start(self, project: str, command: str) -> subprocess.Popen[bytes]:
        with (self.place / "processes.log").open("ab") as log:
            words = ["env", *shlex.split(command)]
            return subprocess.Popen(
                words, cwd=self.place / project, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )

    def stop(self, project: str) -> None:
        for process in self._running.pop(project, []):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stop_all(self) -> None:
        for project in list(self._running):
            self.stop(project)

    def logs(self) -> str:
        return (self.place / "processes.log").read_text()[-4000:]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the page's own."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def reader(tmp_path: Path, redis: RedisServer) -> Iterator[Reader]:
    library, place = tmp_path / "library", tmp_path / "projects"
    library.mkdir()
    place.mkdir()
    (library / "ficus").symlink_to(ROOT / "ficus")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(library),
        "PYTHONDONTWRITEBYTECODE": "1",
        "REDIS_URL": redis.url,
    }
    databases = Databases(Servers.read(os.environ)) if os.environ.get("TEST_SERVERS") else None
    reader = Reader(place, environment, databases)
    yield reader
    reader.stop_all()
    if databases:
        databases.drop()


class TestPage:
    @pytest.mark.timeout(400)
    def test_takes_its_reader_from_an_empty_directory_to_handled_events(self, reader: Reader) -> None:
        steps = blocks(f"127.0.0.1:{free_ports(1)[0]}")

        for step in steps:
            reader.follow(step)

        assert [step.project for step in steps if step.title == "try"] == ["shop", "letters", "shop"]

    def test_has_of_this_repository_the_library_alone(self, reader: Reader) -> None:
        names = "('ficus', 'config', 'apps', 'contracts')"
        script = f"from importlib.util import find_spec; print([name for name in {names} if find_spec(name)])"

        assert reader.run(".", f'python -c "{script}"', check=True) == "['ficus']"

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ("EVENTS = {}", "name the log of this project in settings"),
            ("EVENTS = {'SOURCE': 'shop', 'FEEDS': {'mill': 'rpc'}}", "Nobody knows where the log mill is"),
            ("EVENTS = {'SOURCE': 'shop'}\nUSE_TZ = False", "Events are dated in UTC"),
        ],
    )
    def test_is_right_that_check_and_relay_say_what_is_missing(self, reader: Reader, settings: str, said: str) -> None:
        reader.start_project(FIRST)
        reader.write(FIRST, "shop/settings.py", f'INSTALLED_APPS += ["ficus.events"]\n{settings}\n')

        assert said in reader.run(FIRST, "python manage.py check 2>&1")
        assert said in reader.run(FIRST, "python manage.py relay 2>&1")
