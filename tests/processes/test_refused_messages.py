"""What is no message for anybody here is refused and counted, and the worker goes on; proves semantics, section 8."""

import base64
import json
import pickle
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from tests.processes.processes import Station

pytestmark = pytest.mark.timeout(300)


PICKLE = "application/x-python-serialize"


class Harm:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self):
        return Path.touch, (self._mark,)


def message(body: bytes = b"[[], {}, {}]", *, task: str | None = "events.receive_batch", **changes: object) -> bytes:
    """Return a message as Celery puts it on Redis, with what is changed about it."""
    headers = {"lang": "py", "id": f"{uuid4()}", "root_id": "", "retries": 0, "timelimit": [None, None]}
    parts = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers if task is None else {**headers, "task": task},
        "properties": {
            "correlation_id": "5f0c",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "events.station"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": "77",
        },
    }
    return json.dumps(parts | changes).encode()


def bad_messages(mark: Path) -> list[tuple[str, bytes]]:
    """Return messages, each with the reason for which it is refused."""
    pickled = pickle.dumps(([], {"harm": Harm(mark)}, {}))
    headers = {"task": "events.receive_batch", "id": f"{uuid4()}"}
    return [
        ("not a message", b"\xff\x00garbage"),
        ("not a message", b"hello"),
        ("not a message", b"17"),
        ("not a message", b"{}"),
        ("not a message", message(headers=[1, 2])),
        ("its content type is not accepted", message(pickled, **{"content-type": PICKLE})),
        ("its content type is not accepted", message(pickled, **{"content-type": PICKLE, "headers": {}})),
        ("its body cannot be read", message(pickled)),
        ("its content type is not accepted", message(**{"content-type": "text/verse"})),
        ("no such task here", message(task="users.become_root")),
        ("it names no task", message(b'{"hello": 1}', task=None)),
        ("its headers or arguments are malformed", message(headers={**headers, "task": ["events.receive_batch"]})),
        ("its headers or arguments are malformed", message(headers={"task": "events.receive_batch"})),
        ("its headers or arguments are malformed", message(b"[1]")),
        ("its headers or arguments are malformed", message(b"17")),
        ("its headers or arguments are malformed", message(b"[17, 18, {}]")),
        ("its headers or arguments are malformed", message(headers={**headers, "expires": "the day before"})),
        ("it has expired", message(headers={**headers, "expires": "2020-01-01T00:00:00+00:00"})),
        ("the source is not configured", message(b'[[], {"consumer": "station", "source": "mars"}, {}]')),
    ]


class TestRefusedMessages:
    def test_are_each_counted_and_pickle_is_never_loaded(self, station: Station) -> None:
        mark = station.directory / "harm"
        bad = bad_messages(mark)
        station.start_relay()
        station.start_worker()
        station.pushes_again()
        worker = station.processes.pid("worker")

        for reason, sent in [*bad, *bad]:
            before = counted(station)
            station.redis.client.lpush("events.station", sent)
            station.wait_for(lambda before=before: counted(station) > before, f"{sent!r} is counted: {reason}")
        station.pushes_again()

        assert reasons(station) == Counter(reason for reason, _ in [*bad, *bad])
        assert station.processes.pid("worker") == worker
        assert "exited with" not in station.log()
        assert not mark.exists()
        assert station.disorder() == []


def counted(station: Station) -> int:
    return int(station.query("SELECT coalesce(sum(count), 0) FROM ficus_events_refusedmessage")[0][0])


def reasons(station: Station) -> dict[str, int]:
    return dict(station.query("SELECT reason, sum(count) FROM ficus_events_refusedmessage GROUP BY reason"))
