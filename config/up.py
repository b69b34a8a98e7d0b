"""``make up``: brings the whole system up on this machine, keeps it running, and takes it down again."""

import argparse
import asyncio
import hashlib
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from config.addresses import CERTIFICATES, ROOT, STATE, Addresses, database_url, env, signing_key_file, workers
from config.demo import demo_password
from config.processes import SHAPES, Shape, command
from config.tls import NAMES_SHOWN, redis_by_tls
from config.welcome import welcome
from ficus.configuration.environment import ConfigurationError
from ficus.configuration.migrations import DatabaseDown, MigrationRecord, applied_migrations, fingerprint
from ficus.supervisor.console import Console
from ficus.supervisor.embedded_redis import embedded_redis
from ficus.supervisor.lifeline import die_with_parent
from ficus.supervisor.preflight import refuse_silent_redis, refuse_taken_ports
from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import CannotStart, Supervisor
from ficus.tls.identity import Identity

READY_SECONDS = 60
REDIS = "redis"
MISUSED = 2  # the exit code for "this cannot start as things are"


class Up:
    """
    The way from nothing to a running system, a step at a time.

    :raises ConfigurationError: if the environment makes no sense.
    """

    def __init__(self, shape: str, supervisor: Supervisor, console: Console) -> None:
        self._at = Addresses.read(env)
        self._name = shape
        self._shape: Shape = SHAPES[shape](self._at, partial(workers, env))
        self._supervisor = supervisor
        self._console = console
        self._urls = {name: database_url(env, name) for name in self._shape.deployables}
        self._key_file = Path(signing_key_file(env))
        self._password = demo_password(env)
        self._redis_url = redis_by_tls(env.str("REDIS_URL", ""), self._at.asking_as)
        if not env.development:
            raise CannotStart("this runs a development system, and FICUS_ENV=development is not set (`make .env` does)")
        env.seal()

    async def bring_up(self) -> None:
        """
        Start everything and say how to use it.

        :raises CannotStart: with one line that names what is in the way.
        """
        began = time.monotonic()
        applied = self._check()
        if not self._redis_url:
            self._supervisor.keep(self._redis())
        await self._prepare(applied)
        for process in self._shape.processes:
            self._supervisor.keep(process)
        await self._supervisor.wait_until_ready(READY_SECONDS)
        await self._seed()
        text = await asyncio.to_thread(welcome, self._at, self._name, self._password, time.monotonic() - began)
        self._console.say(text)

    def _check(self) -> dict[str, set[str]]:
        """Look at all that is needed before anything is started; return what each database has been migrated to."""
        STATE.mkdir(parents=True, exist_ok=True)
        self._make_certificates()
        refuse_taken_ports(self._shape.processes, "stop what listens there, or choose others (USERS_PORT and so on)")
        if self._redis_url:
            refuse_silent_redis(self._redis_url)
        else:
            refuse_taken_ports([self._redis()], "stop what listens there or set REDIS_PORT")
        return {deployable: self._applied(deployable) for deployable in self._urls}

    def _make_certificates(self) -> None:
        """See that every part has a certificate that holds for a month; what others have made is left alone."""
        if self._at.asking_as is None:
            return
        from ficus.tls.authority import Authority, NotOurs  # which takes a while to load

        try:
            made = [held.path.name for held in Authority(CERTIFICATES).hold(NAMES_SHOWN) if held.is_new]
        except (NotOurs, OSError) as error:
            raise CannotStart(str(error)) from None
        if made:
            self._console.say(f"Made certificates in {CERTIFICATES}: {', '.join(made)}.")

    def _redis(self) -> Process:
        shows = Identity.of(REDIS, CERTIFICATES) if self._at.asking_as is not None else None
        return embedded_redis(REDIS, self._at.redis, STATE, shows=shows, asking_as=self._at.asking_as)

    def _applied(self, deployable: str) -> set[str]:
        try:
            return applied_migrations(self._urls[deployable])
        except DatabaseDown as error:
            raise CannotStart(f"the database of {deployable} does not answer: {error}") from None

    async def _prepare(self, applied: dict[str, set[str]]) -> None:
        """Bring each database up to date and make the key, all at the same time; what is known to be fine is left."""
        record = MigrationRecord(STATE / "migrated.json", fingerprint(migration_sources()))
        stale = [deployable for deployable in applied if not record.is_fresh(deployable, applied[deployable])]
        if stale:
            self._console.say(f"Migrating {', '.join(stale)}.")
        preparations = [command(name, "migrate", "-v", "0") for name in stale]
        if not self._key_file.exists():
            preparations.append(self._shape.key_maker)
        await asyncio.gather(*map(self._supervisor.run, preparations))
        for deployable in stale:
            record.remember(deployable, self._applied(deployable))

    async def _seed(self) -> None:
        """Fill an empty system with demo data, once for each set of databases."""
        done = STATE / f"seeded-{self._name}"
        databases = hashlib.sha256("\n".join(self._urls.values()).encode()).hexdigest()
        if done.exists() and done.read_text() == databases:
            return
        self._console.say("First start: filling the system with demo data.")
        for seed in self._shape.seeds:
            await self._supervisor.run(seed)
        done.write_text(databases)


def migration_sources() -> list[Path]:
    """Every file that decides which migrations there are: our own, and which releases of others' we use."""
    folders = ("apps", "ficus", "gateway")
    own = [path for folder in folders for path in (ROOT / folder).rglob("migrations/*.py")]
    return [*own, *ROOT.glob("config/*/settings.py"), ROOT / "requirements.txt"]


async def supervise(shape: str) -> None:
    """
    Bring the system up and hold it until a signal; whatever happens, leave nothing behind. A second signal kills.

    :raises CannotStart: with one line that names what is in the way.
    """
    console = Console(sys.stdout)
    supervisor = Supervisor(console)
    work = asyncio.create_task(Up(shape, supervisor, console).bring_up())
    signals = asyncio.Queue[None]()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, signals.put_nowait, None)
    asked = asyncio.create_task(signals.get())
    try:
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            await asked
        console.say("Stopping.")
    finally:
        work.cancel()
        await asyncio.wait({work})
        impatience = asyncio.create_task(kill_when_asked_again(signals, supervisor))
        await supervisor.stop(last=REDIS)
        impatience.cancel()
    console.say("Stopped; nothing is left running.")


async def kill_when_asked_again(signals: "asyncio.Queue[None]", supervisor: Supervisor) -> None:
    await signals.get()
    supervisor.kill()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make up", description="Run the whole system on this machine.")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="services")
    arguments = parser.parse_args()
    if "MAKELEVEL" in os.environ:
        die_with_parent(os.getppid(), signal.SIGTERM)
    os.chdir(ROOT)
    try:
        asyncio.run(supervise(arguments.shape))
    except (CannotStart, ConfigurationError) as error:
        print(f"make up: {error}", file=sys.stderr)
        return MISUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
