"""Throws at the queues what a careless or hostile world might: old messages again, broken events, rubbish, code."""

import base64
import json
import pickle
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from redis import Redis

from tests.chaos.books import Books, Following

TASK = "events.receive_batch"
JSON, PICKLE = "application/json", "application/x-python-serialize"
REPLAYED_BATCHES, BATCH = 6, 40
UNKNOWN_VERSION = 99
# For each consumer an event that it handles, and of which it hears from the log that it is pushed.
HANDLED = {
    "users": "orders.release_credit",
    "orders": "users.credit_reserved",
    "orders.summary": "orders.order_confirmed",
}


class Queues:
    """
    :ivar thrown: ids of the events that must be parked, and nothing else may be.
    :ivar marker: the file that would be there if a pickle had been loaded.
    """

    def __init__(self, redis_url: str, books: Books, state: Path, seed: int) -> None:
        self.thrown: set[str] = set()
        self.marker = state / "a-pickle-was-loaded"
        self._url, self._books = redis_url, books
        self._chance = random.Random(f"queues {seed}")
        self._throws: dict[str, Callable[[str], None]] = {
            "replay": self.replay,
            "poison": self.poison,
            "unknown version": self.unknown_version,
            "garbage": self.garbage,
            "pickle": self.pickle,
            "stranger": self.stranger,
        }

    def throw(self, kind: str, consumer: str) -> None:
        self._throws[kind](consumer)

    def replay(self, consumer: str) -> None:
        """Push old batches again: in any order, each twice, and one with its events in disorder."""
        followed = self._followed(consumer)
        batches = []
        for _ in range(REPLAYED_BATCHES):
            after = self._chance.randint(0, followed.position)
            if events := self._books.recorded(followed.source, after=after, limit=self._chance.randint(1, BATCH)):
                batches.append((after, events))
        if batches:
            after, events = batches[0]
            batches.append((after, self._chance.sample(events, len(events))))
        batches *= 2
        self._chance.shuffle(batches)
        self._push(consumer, *(_batch(consumer, followed.source, after, events) for after, events in batches))

    def poison(self, consumer: str) -> None:
        """
        Have the producer say something that its contract does not allow.

        It stands in the producer's log, as it would from a wrong release, and so it must be parked. Events that stand
        in no log come besides, from before the cursor and from far ahead of it; of those nothing may remain.
        """
        self._append(consumer, version=1)
        followed = self._followed(consumer)
        past, far = max(0, followed.position - 1), followed.position + 1_000_000
        self._push(
            consumer,
            _batch(consumer, followed.source, past, [_forged(consumer, followed.source, past + 1)]),
            _batch(consumer, followed.source, far, [_forged(consumer, followed.source, far + 1)]),
        )

    def unknown_version(self, consumer: str) -> None:
        """Have the producer say something in a version that nobody here knows."""
        self._append(consumer, version=UNKNOWN_VERSION)

    def garbage(self, consumer: str) -> None:
        """Push what is no JSON, what is no message, and messages that are no batch."""
        self._push(consumer, *garbage_for(_queue(consumer)))

    def pickle(self, consumer: str) -> None:
        """Push code that leaves a mark if anybody loads it."""
        code = pickle.dumps(([], {"consumer": Mark(str(self.marker))}, {}))
        self._push(consumer, message(_queue(consumer), {}, body=code, content_type=PICKLE))

    def stranger(self, consumer: str) -> None:
        """Push a right batch from a source that nobody has configured."""
        self._push(consumer, _batch(consumer, "stranger", 0, [_forged(consumer, "stranger", 1)]))

    def _append(self, consumer: str, *, version: int) -> None:
        id = uuid4()
        self._books.append(
            self._followed(consumer).source, id=id, type=HANDLED[consumer], version=version, payload={"broken": True}
        )
        self.thrown.add(str(id))

    def _followed(self, consumer: str) -> Following:
        """Return how far the consumer is with the log whose events are thrown at it."""
        service = HANDLED[consumer].partition(".")[0]
        return next(
            each
            for each in self._books.followings()
            if each.consumer == consumer and each.source in (service, "monolith")
        )

    def _push(self, consumer: str, *messages: bytes) -> None:
        with Redis.from_url(self._url, socket_timeout=2, socket_connect_timeout=2) as client:
            for each in messages:
                client.lpush(_queue(consumer), each)


class Mark:
    """Unpickled, it writes a file: what stands here for the code of an intruder."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (self._path, "w")


def message(
    queue: str, arguments: dict[str, Any], *, task: str = TASK, body: bytes = b"", content_type: str = JSON
) -> bytes:
    """Return a message of Celery's protocol 2 as it lies in Redis; ``body`` takes the place of the arguments."""
    id = str(uuid4())
    body = body or json.dumps([[], arguments, {}]).encode()
    envelope = {
        "body": base64.b64encode(body).decode(),
        "content-type": content_type,
        "content-encoding": "utf-8" if content_type == JSON else "binary",
        "headers": {"lang": "py", "task": task, "id": id, "root_id": id, "retries": 0, "ignore_result": True},
        "properties": {
            "correlation_id": id,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }
    return json.dumps(envelope).encode()


def garbage_for(queue: str) -> list[bytes]:
    """Return what no worker can make anything of, each wrong in a way of its own."""
    envelope = json.loads(message(queue, {}))
    wrong: list[dict[str, Any]] = [
        {"body": "?"},
        {"body": 7},
        {"content-type": "application/x-unheard-of"},
        {"content-encoding": "x-unheard-of"},
        {"headers": {}},
        {"headers": ["task"]},
        {"properties": {}},
        {"properties": None},
    ]
    return [
        b"",
        b"\x00\xff\xfe neither text nor JSON",
        b'{"body":',
        b"null",
        b'["a list"]',
        b'{"not": "a message"}',
        *(json.dumps(envelope | change).encode() for change in wrong),
        *(message(queue, {}, body=body) for body in (b"no JSON", b"7", b"[1, 2]", b"[[], {}]", b"[[], [], []]")),
        message(queue, {}, task="nobody.knows"),
        message(queue, {"consumer": "users", "source": 7, "previous": "?", "events": "?"}),
        message(queue, {}),
    ]


def _batch(consumer: str, source: str, previous: int, events: Sequence[dict[str, Any]]) -> bytes:
    arguments = {"consumer": consumer, "source": source, "previous": previous, "events": list(events)}
    return message(_queue(consumer), arguments)


def _forged(consumer: str, source: str, position: int) -> dict[str, Any]:
    """Return an event of a type that the consumer handles, broken, at that position of no log."""
    return {
        "source": source,
        "position": position,
        "id": str(uuid4()),
        "type": HANDLED[consumer],
        "schema_version": 1,
        "aggregate_type": "chaos",
        "aggregate_id": str(UUID(int=position)),
        "aggregate_version": 1,
        "payload": {"forged": True},
        "metadata": {},
        "recorded_at": "2026-01-01T00:00:00+00:00",
    }


def _queue(consumer: str) -> str:
    return f"events.{consumer}"
