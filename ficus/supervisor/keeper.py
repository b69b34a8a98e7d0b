"""Keeps one process running: starts it, learns when it is ready, and starts it again when it dies."""

import asyncio
import signal

from ficus.supervisor.child import Child, describe_exit
from ficus.supervisor.console import Console
from ficus.supervisor.process import Process
from ficus.supervisor.readiness import Announcements

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0
HEALTHY_SECONDS = 10.0
PROBE_SECONDS = 0.05


class Keeper:
    """
    The life of one process under the supervisor.

    The pause before a new start doubles from 0.25 s to ``longest_pause_seconds``; a run of 10 s or longer begins anew.

    :ivar ready: set while the process is ready for work.
    :ivar exits: how often it has ended by itself.
    :ivar exits_unready: how often since it was last ready.
    """

    def __init__(
        self, process: Process, console: Console, longest_pause_seconds: float = LONGEST_PAUSE_SECONDS
    ) -> None:
        self.process = process
        self.ready = asyncio.Event()
        self.exits = self.exits_unready = 0
        self._longest_pause_seconds = longest_pause_seconds
        self._console = console
        self._child: Child | None = None
        self._stopping = asyncio.Event()
        self._life = asyncio.create_task(self._live())

    @property
    def pid(self) -> int | None:
        """The process id of the present run, or ``None`` between two runs."""
        return self._child.pid if self._child else None

    def kill(self) -> None:
        """End the present run as ``kill -9`` would; a new one follows."""
        if self._child:
            self.ready.clear()
            self._child.signal(signal.SIGKILL)

    async def stop(self, grace_seconds: float) -> None:
        """End the process for good: SIGTERM, and SIGKILL to its whole group after ``grace_seconds``."""
        self._stopping.set()
        if self._child:
            self._child.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._life), grace_seconds)
        except TimeoutError:
            self._console.say(f"{self.process.name} did not stop in {grace_seconds:g} s and is killed")
            if self._child:
                self._child.signal_group(signal.SIGKILL)
            await self._life

    async def _live(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            lasted, ending = await self._run_once()
            if self._stopping.is_set():
                return
            self.exits += 1
            self.exits_unready += 1
            if lasted >= HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._console.say(f"{self.process.name} {ending}; starting it again in {pause:g} s")
            await self._rest(pause)
            pause = min(pause * 2, self._longest_pause_seconds)

    async def _run_once(self) -> tuple[float, str]:
        """Run the process to its end; return how long that was, in seconds, and how it ended, in words."""
        clock = asyncio.get_running_loop()
        announcements = Announcements(self.process.name, self._become_ready) if self.process.ready is None else None
        environment = dict(self.process.environment)
        if announcements:
            environment["NOTIFY_SOCKET"] = announcements.address
        began = clock.time()
        probing = asyncio.create_task(self._probe())
        try:
            self._child = await Child.start(self.process.name, self.process.command, environment, self._console)
            if self._stopping.is_set():
                self._child.signal(signal.SIGTERM)
            ending = describe_exit(await self._child.wait())
        except OSError as error:
            ending = f"cannot be started: {error}"
        finally:
            probing.cancel()
            self._child = None
            self.ready.clear()
            if announcements:
                announcements.close()
        return clock.time() - began, ending

    async def _probe(self) -> None:
        while self.process.ready is not None and not self.ready.is_set():
            await asyncio.sleep(PROBE_SECONDS)
            if await self.process.ready():
                self._become_ready()

    def _become_ready(self) -> None:
        self.exits_unready = 0
        self.ready.set()

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
