"""The facts about Celery that the event log counts on, each found by experiment (docs/adr/0006)."""

import os
import pickle
import socket
import subprocess
import sys
import time
from pathlib import Path

import celery
import pytest
from celery import current_app
from celery.app.base import Celery
from django.db import connection
from kombu import Connection, serialization
from kombu.exceptions import ContentDisallowed

from config.celery import app
from config.services import NAMES
from ficus.events.celery import broker_url
from ficus.events.consumer import consumers
from ficus.events.push import BROKER_ERRORS, CeleryBroker, queue_of
from tests.chaos.queues import garbage_for
from tests.ficus.events.conftest import forget_connections
from tests.ficus.events.redis_server import wait_until
from tests.ficus.events.threads import in_threads

ROOT = Path(__file__).resolve().parents[3]
# A consumer that the worker of this deployable has; none where nobody's events are followed.
CONSUMER = next((name for name in consumers() if name in ("users", "orders")), "")


class TestApplication:
    def test_is_the_release_that_survives_an_outage(self):
        assert celery.__version__ == "5.6.3"

    def test_has_no_django_fixup(self):
        assert list(app.fixups) == app._fixups == []

    def test_acknowledges_when_it_takes_and_takes_one_at_a_time(self):
        assert app.conf.task_acks_late is False
        assert app.conf.broker_transport_options["ack_emulation"] is False
        assert app.conf.worker_prefetch_multiplier == 1

    def test_keeps_no_results(self):
        assert app.conf.result_backend is None
        assert app.conf.task_ignore_result is True

    def test_runs_tasks_in_its_own_process(self):
        assert app.conf.worker_pool == "solo"

    def test_waits_for_ever_for_a_lost_broker_to_take_and_not_at_all_to_publish(self):
        assert app.conf.broker_connection_max_retries is None
        assert app.conf.broker_transport_options["max_retries"] == 0
        assert app.conf.task_publish_retry is False

    def test_has_one_queue_for_each_consumer_and_one_for_the_clock(self, settings):
        # Tests declare consumers too, some of them after the application was made.
        of_apps = [name for name in consumers() if name.partition(".")[0] in NAMES]
        of_tests = {queue_of(name) for name in consumers() if name not in of_apps}
        queues = {queue.name for queue in app.conf.task_queues}

        assert queues - of_tests == {*map(queue_of, of_apps), f"tasks.{settings.EVENTS['SOURCE']}"}

    def test_puts_every_task_on_the_clock_that_exists(self):
        scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}

        assert scheduled <= set(app.tasks)

    def test_understands_the_address_of_a_socket_file(self):
        assert broker_url("unix:///run/redis.sock?db=2") == "redis+socket:///run/redis.sock?virtual_host=2"
        assert broker_url("redis://127.0.0.1:6379/2") == "redis://127.0.0.1:6379/2"


@pytest.mark.django_db(transaction=True)
class TestDatabaseConnections:
    def test_outlive_a_task(self):
        @app.task(name="tests.query", shared=False)
        def query():
            connection.ensure_connection()
            return connection.connection

        first, second = query.apply().get(), query.apply().get()

        assert first is second


class TestPublishing:
    def test_puts_one_message_in_one_list(self, celery: Celery, redis_server, parcel):
        broker = CeleryBroker(celery)

        broker.push("depot", 0, [parcel(1), parcel(2)])

        assert broker.waiting("depot") == redis_server.client.llen("events.depot") == 1

    def test_works_in_any_thread(self, celery: Celery, redis_server, parcel):
        broker = CeleryBroker(celery)

        in_threads(2, lambda: broker.push("depot", 0, [parcel(1)]))

        assert broker.waiting("depot") == 2
        assert in_threads(1, lambda: current_app.main) == ["ficus"]

    def test_works_right_after_the_broker_was_emptied(self, celery: Celery, redis_server, parcel):
        broker = CeleryBroker(celery)
        broker.push("depot", 0, [parcel(1)])
        redis_server.client.flushall()

        broker.push("depot", 1, [parcel(2)])

        assert broker.waiting("depot") == 1

    def test_writes_json_that_any_reader_understands(self, celery: Celery, redis_server, parcel):
        event = parcel(1)
        CeleryBroker(celery).push("depot", 0, [event])

        with Connection(broker_url(redis_server.url)) as consumer_side:
            message = consumer_side.SimpleQueue("events.depot").get(timeout=5)

        assert (message.content_type, message.content_encoding) == ("application/json", "utf-8")
        assert message.payload[1]["events"][0]["payload"] == event.payload
        assert message.payload[1]["events"][0]["id"] == str(event.id)

    def test_fails_at_once_when_the_broker_is_down(self, celery: Celery, redis_server, parcel):
        redis_server.kill()
        began = time.monotonic()

        with pytest.raises(BROKER_ERRORS):
            CeleryBroker(celery).push("depot", 0, [parcel(1)])

        assert time.monotonic() - began < 25  # and not Celery's 40

    def test_fails_soon_when_the_broker_is_silent(self, celery: Celery, parcel):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            celery.conf.broker_url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
            forget_connections(celery)
            began = time.monotonic()

            with pytest.raises(BROKER_ERRORS):
                CeleryBroker(celery).push("depot", 0, [parcel(1)])

        assert time.monotonic() - began < 35


class TestReceiving:
    def test_never_loads_a_pickle(self):
        accepted = serialization.prepare_accept_content(app.conf.accept_content)

        with pytest.raises(ContentDisallowed):
            serialization.loads(pickle.dumps("harm"), "application/x-python-serialize", "binary", accept=accepted)


@pytest.mark.applies_when(lambda: bool(CONSUMER))
class TestWorker:
    @pytest.fixture
    def worker(self, celery: Celery, redis_server):
        environment = {**os.environ, "REDIS_URL": redis_server.url, "C_FORCE_ROOT": "1"}
        command = [sys.executable, "-m", "celery", "--app", "config.celery", "worker", "--without-mingle"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        yield process
        process.kill()
        process.wait()

    def test_outlives_the_broker_and_hears_again(self, worker, celery: Celery, redis_server, parcel):
        broker = CeleryBroker(celery)

        self.has_taken_all(broker, parcel)
        redis_server.client.flushall()
        self.has_taken_all(broker, parcel)
        redis_server.kill()
        time.sleep(1)
        redis_server.start()
        self.has_taken_all(broker, parcel)

        assert worker.poll() is None

    def test_outlives_what_is_no_message(self, worker, celery: Celery, redis_server, parcel):
        broker = CeleryBroker(celery)

        self.has_taken_all(broker, parcel)
        redis_server.client.lpush(queue_of(CONSUMER), *garbage_for(queue_of(CONSUMER)))
        self.has_taken_all(broker, parcel)

        assert worker.poll() is None

    def has_taken_all(self, broker, parcel):
        """Push batches that have no table to go to here; that they are taken is what counts."""
        for position in range(5):
            self.push_until_taken(broker, parcel(position + 1))
        wait_until(lambda: broker.waiting(CONSUMER) == 0)

    def push_until_taken(self, broker, event):
        def pushed():
            try:
                broker.push(CONSUMER, event.place() - 1, [event])
            except BROKER_ERRORS:
                return False
            return True

        wait_until(pushed)
