"""What all contenders stand before: 600 bytes at once, by nginx where there is one, and the keys of the tokens."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.gateway.place import ROOT, find
from ficus.supervisor.probes import accepts
from ficus.supervisor.process import Process

KEYS = "/.well-known/jwks.json"
BODY = json.dumps({"answer": "x" * (600 - len('{"answer": ""}'))})

_CONFIGURATION = """
daemon off; {user} worker_processes 1; pid {directory}/nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; default_type application/json;
  client_body_temp_path {directory}/b; proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f;
  uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  server {{
    listen {address}; listen {other}; keepalive_requests 1000000000;
    location / {{ return 200 '{body}'; }}
    location = {path} {{ return 200 '{keys}'; }}
  }}
}}
"""


@dataclass(frozen=True)
class Upstream:
    """
    :ivar address: ``host:port``.
    :ivar other: a second address of the same, so that there is something to balance.
    :ivar program: of nginx; empty where there is none and a process of ours takes its place.
    """

    address: str
    other: str
    program: str

    @classmethod
    def at(cls, port: int) -> "Upstream":
        return cls(f"127.0.0.1:{port}", f"127.0.0.2:{port}", find("nginx"))

    @property
    def remark(self) -> str:
        return "" if self.program else "THE UPSTREAM IS SLOW: there is no nginx, so it is a process in Python"

    def process(self, directory: Path, keys: dict[str, Any]) -> Process:
        """Return what runs; it inherits the cores of the bench."""
        directory.mkdir()
        if not self.program:
            (directory / "keys.json").write_text(json.dumps(keys))
            command = [sys.executable, "-m", "bench.gateway.answering", self.address, self.other, str(directory)]
            return Process("upstream", command, environment={"PYTHONPATH": str(ROOT)}, ready=accepts(self.other))
        text = _CONFIGURATION.format(
            user="user root;" if os.geteuid() == 0 else "",
            directory=directory,
            address=self.address,
            other=self.other,
            body=BODY,
            path=KEYS,
            keys=json.dumps(keys),
        )
        (directory / "nginx.conf").write_text(text)
        command = [self.program, "-p", str(directory), "-c", str(directory / "nginx.conf")]
        return Process("upstream", command, ready=accepts(self.other))
