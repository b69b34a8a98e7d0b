"""One run of a process, from its start to the end of its whole group. Starting it again is the keeper's."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial

from ficus.supervisor.console import Console
from ficus.supervisor.lifeline import die_with_parent

ENDED_ITSELF = 70  # EX_SOFTWARE of sysexits.h; a watchdog's verdict on its own process
OUTPUT_SECONDS = 1.0  # for the last lines, should something outside the group still hold the pipe


class Child:
    """A running command that leads a process group of its own; its output goes to the console line by line."""

    def __init__(self, transport: asyncio.SubprocessTransport, life: "_Life") -> None:
        self.pid: int = transport.get_pid()
        self._transport = transport
        self._life = life

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str], environment: Mapping[str, str], console: Console
    ) -> "Child":
        """
        Start ``command``.

        :raises OSError: if there is no such command.
        """
        transport, life = await asyncio.get_running_loop().subprocess_exec(
            partial(_Life, name, console),
            *command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
        return cls(transport, life)

    async def wait(self) -> int:
        """Return the exit code, negative for a signal, once the process and all that it started have ended."""
        await self._life.exited.wait()
        self.signal_group(signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._life.silent.wait(), OUTPUT_SECONDS)
        self._transport.close()
        return self._transport.get_returncode() or 0

    def signal(self, number: int) -> None:
        """Send a signal to the process itself."""
        with contextlib.suppress(ProcessLookupError):
            self._transport.send_signal(number)

    def signal_group(self, number: int) -> None:
        """Send a signal to the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class _Life(asyncio.SubprocessProtocol):
    """
    Hears what one process says and when it ends.

    asyncio's own ``Process.wait()`` waits for the pipe as well, which a child that was left behind may hold for ever.
    """

    def __init__(self, name: str, console: Console) -> None:
        self.exited = asyncio.Event()
        self.silent = asyncio.Event()
        self._name = name
        self._console = console
        self._rest = b""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._console.line(self._name, line.decode(errors="replace").rstrip("\r"))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if self._rest:
            self._console.line(self._name, self._rest.decode(errors="replace"))
        self.silent.set()

    def process_exited(self) -> None:
        self.exited.set()


def describe_exit(code: int) -> str:
    """Say how a process ended, in words."""
    if code == ENDED_ITSELF:
        return f"exited with {code}: it found itself unable to work, and its last lines say why"
    if code >= 0:
        return f"exited with {code}"
    return f"was killed by {signal.Signals(-code).name}"
