"""All processes together: run some to their end, keep others alive, wait for readiness, end everything."""

import asyncio
import signal

from ficus.supervisor.child import Child, describe_exit
from ficus.supervisor.console import Console
from ficus.supervisor.keeper import LONGEST_PAUSE_SECONDS, Keeper
from ficus.supervisor.process import Process

GRACE_SECONDS = 7.0
LAST_GRACE_SECONDS = 2.0
GIVE_UP_AFTER_EXITS = 4
LOOK_SECONDS = 0.05


class CannotStart(Exception):
    """The system cannot come up; the message is one line that names what is in the way."""


class Supervisor:
    """Owns every process that it started. ``keep`` returns at once; ``wait_until_ready`` waits for all."""

    def __init__(self, console: Console, *, longest_pause_seconds: float = LONGEST_PAUSE_SECONDS) -> None:
        """:param longest_pause_seconds: before what keeps ending is started again."""
        self._console = console
        self._longest_pause_seconds = longest_pause_seconds
        self._keepers: dict[str, Keeper] = {}

    async def run(self, process: Process) -> None:
        """
        Run a process to its end.

        :raises CannotStart: if it does not end with 0.
        """
        child = await Child.start(process.name, process.command, process.environment, self._console)
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            child.signal_group(signal.SIGKILL)
            await child.wait()
            raise
        if code != 0:
            raise CannotStart(f"{process.name} {describe_exit(code)}; its lines above say why")

    def keep(self, process: Process) -> None:
        """Start a process and keep it running."""
        self._keepers[process.name] = Keeper(process, self._console, self._longest_pause_seconds)

    def keeper(self, name: str) -> Keeper:
        """:raises KeyError: if no process of that name is kept."""
        return self._keepers[name]

    @property
    def kept(self) -> list[str]:
        """The names of the kept processes in the order in which they were started."""
        return list(self._keepers)

    async def wait_until_ready(self, timeout_seconds: float) -> None:
        """
        Wait until every kept process is ready for work.

        :raises CannotStart: if one is not in time, or keeps ending before it was ever ready.
        """
        clock = asyncio.get_running_loop()
        deadline = clock.time() + timeout_seconds
        while missing := [keeper for keeper in self._keepers.values() if not keeper.ready.is_set()]:
            for keeper in missing:
                if keeper.exits_unready >= GIVE_UP_AFTER_EXITS:
                    raise CannotStart(f"{keeper.process.name} keeps ending at its start; its lines above say why")
            if clock.time() > deadline:
                names = ", ".join(keeper.process.name for keeper in missing)
                raise CannotStart(f"not ready after {timeout_seconds:g} s: {names}")
            await asyncio.sleep(LOOK_SECONDS)

    async def release(self, *names: str, grace_seconds: float = GRACE_SECONDS) -> None:
        """Stop the named processes for good, all at once."""
        await asyncio.gather(*(self._keepers[name].stop(grace_seconds) for name in names))
        for name in names:
            del self._keepers[name]

    async def stop(self, *, last: str = "") -> None:
        """Stop everything at once, but for the process named ``last``, which outlives those that depend on it."""
        await self.release(*(name for name in self._keepers if name != last))
        await self.release(*self._keepers, grace_seconds=LAST_GRACE_SECONDS)

    def kill(self) -> None:
        """Spare those that are stopping their grace: end everything now."""
        for keeper in self._keepers.values():
            keeper.kill()
