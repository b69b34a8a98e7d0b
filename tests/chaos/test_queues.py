import base64
import json
import pickle
from pathlib import Path

from kombu import Connection
from kombu.transport.virtual.base import Message

from tests.chaos.queues import Mark, message


class TestMessage:
    def test_is_what_celery_reads(self) -> None:
        with Connection("memory://") as connection:
            read = Message(json.loads(message("events.users", {"consumer": "users"})), channel=connection.channel())

        assert read.headers["task"] == "events.receive_batch"
        assert read.decode() == [[], {"consumer": "users"}, {}]

    def test_carries_any_body_as_it_is(self) -> None:
        envelope = json.loads(message("events.users", {}, body=b"\x80\x04", content_type="application/x-other"))

        assert base64.b64decode(envelope["body"]) == b"\x80\x04"
        assert envelope["content-type"] == "application/x-other"


class TestMark:
    def test_is_made_by_whoever_loads_it(self, tmp_path: Path) -> None:
        marker = tmp_path / "marker"

        pickled = pickle.dumps(Mark(str(marker)))
        assert not marker.exists()
        pickle.loads(pickled).close()

        assert marker.exists()
