"""SIGTERM lets go of nobody; proves semantics, section 11."""

import signal
import threading
import time
from pathlib import Path

from tests.gateway.wire.conftest import running_door
from tests.gateway.wire.service import Asked, Connection, FakeService, answer
from tests.gateway.wire.waiting import PATIENCE_SECONDS


class TestStoppingGateway:
    def test_answers_what_it_was_asked_and_takes_no_more(
        self, tmp_path: Path, users: FakeService, orders: FakeService
    ) -> None:
        asked_for, go_on = threading.Event(), threading.Event()

        def late(connection: Connection, asked: Asked) -> None:
            asked_for.set()
            assert go_on.wait(PATIENCE_SECONDS)
            connection.send(answer(200, b"late"))

        orders.on("/patient", late)

        with running_door(tmp_path, users, orders) as door, door.connect() as busy, door.connect() as idle:
            busy.send(b"GET /patient HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            assert asked_for.wait(PATIENCE_SECONDS)
            door.process.send_signal(signal.SIGTERM)
            idle_was_closed = idle.is_closed()
            go_on.set()
            answered = busy.answer()
            began = time.monotonic()
            code = door.process.wait(timeout=PATIENCE_SECONDS)

            assert idle_was_closed
            assert (answered.status, answered.body) == (200, b"late")
            assert answered.header("connection") == "close"
            assert code == 0
            assert time.monotonic() - began < 15  # it would be cut short after 18 seconds
