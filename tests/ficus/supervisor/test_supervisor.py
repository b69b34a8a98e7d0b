import asyncio
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from ficus.supervisor.console import Console
from ficus.supervisor.probes import accepts
from ficus.supervisor.supervisor import GIVE_UP_AFTER_EXITS, CannotStart, Supervisor
from ficus.testing.processes import READY_SECONDS
from tests.ficus.supervisor.conftest import ANNOUNCE, SLEEP, Stage, python


async def until_ended(pid: int) -> None:
    while psutil.pid_exists(pid):
        await asyncio.sleep(0.02)


class TestKeep:
    def test_starts_again_what_was_killed_and_says_so(self, stage: Stage) -> None:
        pids: list[int | None] = []

        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("worker", ANNOUNCE + SLEEP))
            await supervisor.wait_until_ready(READY_SECONDS)
            pids.append(supervisor.keeper("worker").pid)
            supervisor.keeper("worker").kill()
            await supervisor.wait_until_ready(READY_SECONDS)
            pids.append(supervisor.keeper("worker").pid)

        stage.play(scenario)

        assert None not in pids
        assert pids[0] != pids[1]
        assert stage.lines == ["worker was killed by SIGKILL; starting it again in 0.25 s"]

    def test_doubles_the_pause_before_each_further_start(self, stage: Stage) -> None:
        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("worker", "raise SystemExit(3)"))
            while supervisor.keeper("worker").exits < 3:
                await asyncio.sleep(0.05)

        stage.play(scenario)

        assert stage.lines[:3] == [
            "worker exited with 3; starting it again in 0.25 s",
            "worker exited with 3; starting it again in 0.5 s",
            "worker exited with 3; starting it again in 1 s",
        ]

    def test_pauses_no_longer_than_it_is_told(self, stage: Stage) -> None:
        async def scenario(_: Supervisor) -> None:
            supervisor = Supervisor(Console(stage.written), longest_pause_seconds=0.25)
            supervisor.keep(python("worker", "raise SystemExit(3)"))
            while supervisor.keeper("worker").exits < 3:
                await asyncio.sleep(0.05)
            await supervisor.stop()

        stage.play(scenario)

        assert stage.lines[:3] == ["worker exited with 3; starting it again in 0.25 s"] * 3

    def test_says_that_a_command_does_not_exist_and_goes_on(self, stage: Stage) -> None:
        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("good", ANNOUNCE + SLEEP))
            supervisor.keep(python("bad", "").__class__("bad", ["/nowhere/at/all"]))
            while not (supervisor.keeper("bad").exits and supervisor.keeper("good").ready.is_set()):
                await asyncio.sleep(0.05)

        stage.play(scenario)

        assert stage.lines[0].startswith("bad cannot be started: [Errno 2] No such file or directory")

    def test_shows_what_a_process_writes_under_its_name(self, stage: Stage) -> None:
        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("worker", "print('one\\ntwo', end=''); " + ANNOUNCE + SLEEP))
            await supervisor.wait_until_ready(READY_SECONDS)

        stage.play(scenario)

        assert stage.lines == ["worker         | one", "worker         | two"]


class TestWaitUntilReady:
    def test_waits_for_a_port_to_open(self, stage: Stage, free_address: str) -> None:
        port = free_address.rpartition(":")[2]
        script = f"import socket, time; time.sleep(0.3); s = socket.create_server(('127.0.0.1', {port})); {SLEEP}"
        waited: list[float] = []

        async def scenario(supervisor: Supervisor) -> None:
            began = time.monotonic()
            supervisor.keep(python("server", script, ready=accepts(free_address)))
            await supervisor.wait_until_ready(READY_SECONDS)
            waited.append(time.monotonic() - began)

        stage.play(scenario)

        assert waited[0] > 0.3

    def test_gives_up_on_what_keeps_ending_at_its_start(self, stage: Stage) -> None:
        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("worker", "raise SystemExit(1)"))
            await supervisor.wait_until_ready(READY_SECONDS)

        with pytest.raises(CannotStart, match=r"^worker keeps ending at its start; its lines above say why$"):
            stage.play(scenario)

    def test_bears_with_what_was_ready_between_its_ends(self, stage: Stage) -> None:
        async def scenario(unused: Supervisor) -> None:
            supervisor = Supervisor(Console(stage.written), longest_pause_seconds=0.25)
            supervisor.keep(python("worker", ANNOUNCE + SLEEP))
            for _ in range(GIVE_UP_AFTER_EXITS + 1):
                await supervisor.wait_until_ready(READY_SECONDS)
                supervisor.keeper("worker").kill()
            await supervisor.wait_until_ready(READY_SECONDS)
            await supervisor.stop()

        stage.play(scenario)

        assert len(stage.lines) == GIVE_UP_AFTER_EXITS + 1

    def test_names_what_is_not_ready_in_time(self, stage: Stage) -> None:
        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("quick", ANNOUNCE + SLEEP))
            await supervisor.wait_until_ready(READY_SECONDS)
            supervisor.keep(python("slow", SLEEP))
            await supervisor.wait_until_ready(1)

        with pytest.raises(CannotStart, match=r"^not ready after 1 s: slow$"):
            stage.play(scenario)


class TestRun:
    def test_waits_for_the_end_of_a_command(self, stage: Stage, tmp_path: Path) -> None:
        async def scenario(supervisor: Supervisor) -> None:
            await supervisor.run(python("task", f"open({str(tmp_path / 'done')!r}, 'w')"))

        stage.play(scenario)

        assert (tmp_path / "done").exists()

    def test_refuses_to_go_on_when_a_command_fails(self, stage: Stage) -> None:
        async def scenario(supervisor: Supervisor) -> None:
            await supervisor.run(python("task", "raise SystemExit(4)"))

        with pytest.raises(CannotStart, match=r"^task exited with 4; its lines above say why$"):
            stage.play(scenario)


class TestStop:
    def test_ends_a_process_and_all_that_it_started(self, stage: Stage) -> None:
        script = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        ended: list[int] = []

        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("parent", script + ANNOUNCE + SLEEP))
            await supervisor.wait_until_ready(READY_SECONDS)
            parent = psutil.Process(supervisor.keeper("parent").pid)
            ended.extend([parent.pid, *(child.pid for child in parent.children())])

        stage.play(scenario)

        assert len(ended) == 2
        for pid in ended:
            asyncio.run(asyncio.wait_for(until_ended(pid), READY_SECONDS))

    def test_kills_what_ignores_the_request_when_its_grace_is_over(self, stage: Stage) -> None:
        script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "

        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("stubborn", script + ANNOUNCE + SLEEP))
            await supervisor.wait_until_ready(READY_SECONDS)
            await supervisor.release("stubborn", grace_seconds=0.5)

        stage.play(scenario)

        assert stage.lines == ["stubborn did not stop in 0.5 s and is killed"]

    def test_stops_the_last_one_after_all_others(self, stage: Stage) -> None:
        farewell = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit())); "

        async def scenario(supervisor: Supervisor) -> None:
            for name in ("store", "web", "worker"):
                supervisor.keep(python(name, farewell + ANNOUNCE + SLEEP))
            await supervisor.wait_until_ready(READY_SECONDS)
            await supervisor.stop(last="store")

        stage.play(scenario)

        assert sorted(stage.lines[:2]) == ["web            | bye", "worker         | bye"]
        assert stage.lines[2:] == ["store          | bye"]

    def test_does_not_start_again_what_dies_while_it_stops(self, stage: Stage) -> None:
        seen: list[int] = []

        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("worker", "raise SystemExit(1)"))
            while not supervisor.keeper("worker").exits:
                await asyncio.sleep(0.02)
            seen.append(supervisor.keeper("worker").exits)

        stage.play(scenario)

        assert stage.lines[0] == "worker exited with 1; starting it again in 0.25 s"
        assert len(stage.lines) == seen[0]


class TestLifeline:
    def test_leaves_nothing_behind_when_the_supervisor_itself_is_killed(self, stage: Stage, tmp_path: Path) -> None:
        """The supervisor under test runs in a process of its own, which is killed as ``kill -9`` does it."""
        pid_file = tmp_path / "pid"
        inner = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid())); {SLEEP}"
        script = f"""
import asyncio, io, sys
from ficus.supervisor.console import Console
from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import Supervisor
async def main():
    Supervisor(Console(io.StringIO())).keep(Process("inner", [sys.executable, "-c", {inner!r}]))
    await asyncio.sleep(600)
asyncio.run(main())
"""

        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(python("outer", script))
            while not (pid_file.exists() and pid_file.read_text()):
                await asyncio.sleep(0.02)
            os.kill(supervisor.keeper("outer").pid or 0, signal.SIGKILL)
            await asyncio.wait_for(until_ended(int(pid_file.read_text())), READY_SECONDS)

        stage.play(scenario)

        assert stage.lines[0] == "outer was killed by SIGKILL; starting it again in 0.25 s"
