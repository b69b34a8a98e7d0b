"""
The station's Celery application, with what tests need to meet its processes at a certain moment.

Below ``STATION_DIRECTORY``: while ``hold`` is there a relay waits before it publishes, and says so in ``holding``; the
worker whose process id stands in ``deaf`` never has credit to take a message.
"""

import os
import time
from pathlib import Path

from kombu.transport import virtual

from ficus.events.worker import app as app

directory = Path(os.environ["STATION_DIRECTORY"])
_send, _can_consume = app.send_task, virtual.QoS.can_consume


def send_when_let(*args, **options):
    if (directory / "hold").exists():
        (directory / "holding").write_text(str(os.getpid()))
        while (directory / "hold").exists():
            time.sleep(0.01)
    return _send(*args, **options)


def can_consume(self):
    deaf = directory / "deaf"
    return _can_consume(self) and not (deaf.exists() and deaf.read_text() == str(os.getpid()))


app.send_task = send_when_let
virtual.QoS.can_consume = can_consume
