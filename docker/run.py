"""
Becomes one process of one deployable: ``SERVICE`` names the deployable, the first argument or ``PROCESS`` the process.

    web | rpc | worker | relay    the processes of config/processes.py, listening on every address of the container
    setup                         migrations, and for users its signing key; then it ends
    manage ...                    any management command
"""

import os
import sys
from collections.abc import Sequence

from config.addresses import PORTS, Addresses
from config.processes import MANAGE, SHAPES
from ficus.supervisor.process import Process

WEB, RPC = "0.0.0.0:8000", "0.0.0.0:8011"
EVERYWHERE = Addresses({part: RPC if part.endswith("_RPC") else WEB for part in PORTS})


def processes() -> dict[str, Process]:
    """Return every process of every shape by its name."""
    return {process.name: process for shape in SHAPES.values() for process in shape(EVERYWHERE).processes}


def become(command: Sequence[str], environment: dict[str, str]) -> None:
    os.execve(command[0], list(command), environment)  # noqa: S606 - to be that process is the point


def run(service: str, process: str, arguments: list[str]) -> None:
    """Replace this program by the process; what the container's environment says goes before what the shape says."""
    if process == "manage":
        become([*MANAGE, service, *arguments], dict(os.environ))
    name = "gateway" if (service, process) == ("gateway", "web") else f"{service}-{process}"
    known = processes()
    if name not in known:
        sys.exit(f"SERVICE={service} has no process {process!r}; there are: {', '.join(sorted(known))}")
    chosen = known[name]
    become([*chosen.command, *arguments], {**chosen.environment, **os.environ})


def set_up(service: str) -> None:
    """Migrate, and make what else the service needs before its first start; repeating it changes nothing."""
    if service in ("users", "monolith"):
        _manage(service, "create_signing_key")
    become([*MANAGE, service, "migrate", "--noinput"], dict(os.environ))


def _manage(service: str, *arguments: str) -> None:
    code = os.spawnv(os.P_WAIT, MANAGE[0], [*MANAGE, service, *arguments])  # noqa: S606 - likewise
    if code:
        sys.exit(code)


def main() -> None:
    service = os.environ.get("SERVICE") or sys.exit("SERVICE is not set: users, orders, gateway or monolith")
    process, *arguments = sys.argv[1:] or [os.environ.get("PROCESS", "web")]
    if process == "setup":
        set_up(service)
    run(service, process, arguments)


if __name__ == "__main__":
    main()
