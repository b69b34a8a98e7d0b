"""Copies of the tree in which services are started."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import INHERITED, ROOT

NO_INSTALLING = ("--old-file=.venv/.tools", "--old-file=.venv/.runtime")
PATIENCE_SECONDS = 280


@dataclass(frozen=True)
class Tree:
    """A copy of what is kept of the project, as it is now; the tools in ``.venv`` are shared with it."""

    root: Path

    @classmethod
    def copy(cls, root: Path) -> "Tree":
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        (root / ".venv").symlink_to((ROOT / ".venv").resolve())
        return cls(root)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as at a shell in this tree, with nothing in the environment but what is said."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ and name != "FICUS_STATE"}
        return subprocess.run(
            command,
            cwd=self.root,
            env={**inherited, "FICUS_ENV": "development", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def files(self) -> dict[Path, bytes]:
        return {
            path.relative_to(self.root): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and ".venv" not in path.parts
        }


def passed(tree: Tree, service: str, *paths: str) -> int:
    """Run tests as a deployable and return how many passed, none of them failing or skipped."""
    done = tree.run(".venv/bin/python", "-m", "pytest", "-q", *paths, SERVICE=service)
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"\d+ passed(, \d+ deselected)? in .*", last), done.stdout
    return int(last.split()[0])


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return Tree.copy(tmp_path_factory.mktemp("tree"))
