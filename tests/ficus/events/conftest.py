import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery
from django.db import connection, transaction
from django.utils import timezone
from kombu import pools

from ficus.events import log
from ficus.events.inbox import Batch
from ficus.events.recorded import Recorded
from ficus.events.schema import encode
from ficus.testing.events import appended, sequence
from tests.ficus.events import depot as depot_module
from tests.ficus.events.depot import ParcelSent, ParcelShelved
from tests.ficus.events.redis_server import RedisServer


@pytest.fixture
def depot() -> Any:
    depot_module.depot.reset()
    yield depot_module.depot
    depot_module.depot.reset()


def make_parcel(position: int, *, weight: int | None = None, parcel_id: UUID | None = None, **fields: Any) -> Recorded:
    """Return what the post's log would hold at that position; a parcel weighs as much unless told otherwise."""
    id = uuid4()
    event = ParcelSent(parcel_id=parcel_id or uuid4(), weight=position if weight is None else weight)
    known: dict[str, Any] = {
        "source": "post",
        "position": position,
        "id": id,
        "type": event.TYPE,
        "schema_version": event.VERSION,
        "aggregate_type": event.AGGREGATE,
        "aggregate_id": event.parcel_id,
        "aggregate_version": position,
        "payload": encode(event),
        "metadata": {"correlation_id": str(id), "causation_id": "", "actor": "", "traceparent": ""},
        "recorded_at": timezone.now(),
    }
    return Recorded(**known | fields)


@pytest.fixture
def parcel() -> Callable[..., Recorded]:
    return make_parcel


def batch(events: Sequence[Recorded], previous: int | None = None) -> Batch:
    """Return the events as one batch, complete unless told otherwise."""
    return Batch("post", events[0].place() - 1 if previous is None else previous, events)


def write(*parcels: int | tuple[int, UUID, int]) -> list[Recorded]:
    """Write parcels into the own log: each a weight, or a weight, an id and the version that its aggregate then has."""
    facts = [parcel if isinstance(parcel, tuple) else (parcel, uuid4(), 1) for parcel in parcels]
    with transaction.atomic():
        written = log.append_many([(ParcelSent(parcel_id=id, weight=weight), version) for weight, id, version in facts])
    sequence()
    return written


def shelved() -> list[int]:
    """Return the weights of all parcels on the shelf, in the order of their arrival."""
    return [event.weight for event in appended(ParcelShelved)]


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


@pytest.fixture
def in_four(settings: Any) -> None:
    """The own log as the post's, which the depot follows in four parts."""
    settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "post:1"}, "PARTITIONS": {"depot": 4}}
    settings.RPC = {"UPSTREAMS": {"post": "local"}, "SERVICERS": ["ficus.events.rpc.EventLogServicer"]}


@pytest.fixture
def redis_server(settings: Any) -> Iterator[RedisServer]:
    """A running Redis that this process's settings and Celery application use."""
    with tempfile.TemporaryDirectory(prefix="ficus-redis-") as directory:
        server = RedisServer(Path(directory))
        server.start()
        settings.REDIS_URL = server.url
        yield server
        server.kill()


@pytest.fixture
def celery(redis_server: RedisServer) -> Iterator[Celery]:
    """This deployable's Celery application, connected to the test's Redis."""
    from config.celery import app
    from ficus.events.celery import broker_url

    before = app.conf.broker_url
    app.conf.broker_url = broker_url(redis_server.url)
    forget_connections(app)
    yield app
    app.conf.broker_url = before
    forget_connections(app)


def forget_connections(app: Celery) -> None:
    pools.reset()
    app._pool = app.amqp._producer_pool = None
