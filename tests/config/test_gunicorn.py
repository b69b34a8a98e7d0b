"""How the HTTP processes are served by default."""

import os
import subprocess
import sys

from config.addresses import ROOT


class TestGunicorn:
    def test_listens_on_loopback_alone_unless_told_otherwise(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--print-config"]
        environment = {**os.environ, "FICUS_ENV": "development", "PORT": "80"}

        said = subprocess.run(
            [*command, "config.gateway.asgi"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        ).stdout

        assert [line.split() for line in said.splitlines() if line.startswith("bind ")] == [
            ["bind", "=", "['127.0.0.1:8000']"]
        ]
