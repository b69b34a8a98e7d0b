"""An archive or a restore that is killed at any instant loses and doubles nothing, and goes on when asked again."""

import os
import subprocess
import sys

import pytest

from ficus.crash.points import POINTS
from tests.commands import ROOT
from tests.ficus.events.test_archives import write
from tests.ficus.events.test_relay_process import database, own_database_url

ARCHIVED = "[] 3 files, 1 in the table"
RESTORED = "[] 0 files, 26 in the table"


@pytest.mark.django_db(transaction=True)
class TestKilledArchiver:
    def test_leaves_the_log_as_it_was(self, tmp_path):
        write(26)
        archives, points = tmp_path / "archives", tmp_path / "points"
        archives.mkdir()

        done = subprocess.run(
            [sys.executable, "-m", "tests.ficus.events.killed_archiver", str(archives), str(points)],
            cwd=ROOT,
            env={**os.environ, **database(own_database_url())},
            capture_output=True,
            text=True,
            timeout=250,
        )

        names = [point for point in POINTS if point.startswith(("archive.", "restore."))]
        ends = {"archive": ARCHIVED, "restore": RESTORED}
        expected = [f"{name} {ends[name[:7]]}" for name in names]
        assert (done.stdout.splitlines(), done.returncode) == (expected, 0), done.stderr
        assert len(names) == 8
