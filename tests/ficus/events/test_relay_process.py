"""The relay as a process; proves semantics, sections 8 and 11."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction

from ficus.events import log
from tests.ficus.events.depot import ParcelSent
from tests.ficus.events.redis_server import wait_until

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def relaying(directory: Path, **environment: str):
    """A relay process of this deployable, from when it is ready."""
    address = directory / "ready"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(address))
        listener.settimeout(60)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "relay"],
            cwd=ROOT,
            env={**os.environ, "NOTIFY_SOCKET": str(address), **environment},
        )
        try:
            listener.recv(64)
            yield process
        finally:
            process.kill()
            process.wait()


def database(url: str) -> dict[str, str]:
    return {f"{os.environ['SERVICE'].upper()}_DATABASE_URL": url}


def own_database_url() -> str:
    """Return the address of the database that this test writes to."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


WAITING = """
import signal
import django
django.setup()
from ficus.events.management.commands.relay import SIGNALS, told_to_end
signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
print("waits", flush=True)
while not told_to_end(seconds=0.1):
    print("waits", flush=True)
"""


class TestWaitingForTheEnd:
    def test_goes_on_when_the_process_was_stopped_for_longer(self):
        waiting = subprocess.Popen([sys.executable, "-c", WAITING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            for _ in range(3):
                waiting.stdout.readline()
            waiting.send_signal(signal.SIGSTOP)
            time.sleep(0.5)
            waiting.send_signal(signal.SIGCONT)

            assert [waiting.stdout.readline() for _ in range(5)] == ["waits\n"] * 5
            waiting.terminate()
            assert waiting.wait(30) == 0
        finally:
            waiting.kill()
            waiting.communicate()


class TestRelayProcess:
    @pytest.mark.parametrize("asked_by", [signal.SIGTERM, signal.SIGINT])
    def test_lives_through_any_outage_and_ends_when_told_to(self, tmp_path, asked_by):
        no_tables = database(f"sqlite:///{tmp_path}/empty.sqlite3")

        with relaying(tmp_path, REDIS_URL="redis://127.0.0.1:1/0", **no_tables) as relay:
            with pytest.raises(subprocess.TimeoutExpired):
                relay.wait(1.5)

            relay.send_signal(asked_by)

            assert relay.wait(30) == 0

    @pytest.mark.django_db(transaction=True)
    def test_pushes_what_is_committed(self, tmp_path, redis_server, settings):
        queues = [f"events.{consumer}" for consumer in settings.EVENTS["PUSH_TO"]]

        with relaying(tmp_path, REDIS_URL=redis_server.url, **database(own_database_url())):

            def pushed():
                with transaction.atomic():
                    log.append(ParcelSent(parcel_id=uuid4(), weight=1), version=1)
                return all(redis_server.client.llen(queue) for queue in queues)

            wait_until(pushed)

        assert [redis_server.client.llen(queue) for queue in queues] == [1] * len(queues)
