"""
The Celery application that receives events: made here, so that a project needs to choose nothing.

Celery carries batches of events and ticks of the clock, and no truth: what it loses is pulled, or ticks again. Each
choice below was found by experiment (docs/adr/0006) and is held by tests/ficus/events/test_celery.py.

Import it only once Django is set up: what the worker listens to follows from the apps.
"""

import logging
from importlib import import_module
from typing import Any

import orjson
from celery import Celery, signals
from django.apps import apps
from django.db import close_old_connections
from django.utils.module_loading import module_has_submodule
from kombu import Exchange, Queue, serialization

from ficus.configuration import following
from ficus.events import options, watchdog
from ficus.events.consumer import consumers
from ficus.events.push import queues_of
from ficus.supervisor.readiness import announce


def make_app(name: str) -> Celery:
    """
    Return an application that takes what is pushed to this process's consumers, and the tasks of its apps.

    It becomes Celery's default in this process, for every thread. A project that has an application of its own runs
    this one in a worker of its own, beside it.
    """
    serialization.register("json", _write, orjson.loads, "application/json", "utf-8")
    clock_queue = f"tasks.{options.source()}"
    queues = [*(queue for consumer in consumers() for queue in queues_of(consumer)), clock_queue]
    # Celery's own Django fix-up reconnects to the database around each task, at three times the cost of the work.
    # And its own transport lets whatever is no message end the worker.
    app = Celery(name, fixups=[], amqp="ficus.events.transport:Amqp")
    app.set_default()
    app.conf.update(
        broker_url=broker_url(options.redis_url()),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # for ever: a worker outlives any outage of Redis
        broker_transport_options={
            # Publishing to a stopped Redis fails now, not after 40 s; the relay comes again.
            "max_retries": 0,
            "socket_connect_timeout": 1,
            "socket_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 10,
            # Acknowledged when taken: a Redis that dies under a full prefetch would leave the worker alive but deaf.
            "ack_emulation": False,
            # One Redis list for each queue, so that its length is the number of waiting batches.
            "priority_steps": [0],
        },
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_pool="solo",
        worker_consumer="ficus.events.listener:Listener",
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        result_expires=None,
        task_ignore_result=True,
        task_publish_retry=False,
        task_default_queue=clock_queue,
        task_queues=[Queue(queue, Exchange(""), routing_key=queue) for queue in queues],
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_disable_rate_limits=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        enable_utc=True,
        timezone="UTC",
    )
    _discover_tasks(app)
    _attend(app, queues)
    return app


def broker_url(url: str) -> str:
    """Return the address of a Redis as Celery writes it: it has its own way to name a socket file."""
    return url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")


def _write(data: object) -> str:
    return orjson.dumps(data).decode()


def _discover_tasks(app: Celery) -> None:
    """Import each app's ``tasks`` and put what its ``SCHEDULE`` says (task name: interval) on the clock."""
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "tasks"):
            schedule = getattr(import_module(f"{config.name}.tasks"), "SCHEDULE", {})
            for name, interval in schedule.items():
                app.conf.beat_schedule[name] = {"task": name, "schedule": interval}


def _attend(app: Celery, queues: list[str]) -> None:
    """Have a worker in this process do, around its tasks, what Django and our own watchdog need."""

    @signals.worker_ready.connect(weak=False)
    def watch_for_deafness(**_: object) -> None:
        watchdog.start(app, queues)
        following.start()
        announce()

    signals.setup_logging.connect(_keep_django_logging)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)
    signals.task_revoked.connect(_count_expired)
    signals.task_failure.connect(_count_uncallable)
    signals.task_internal_error.connect(_count_uncallable)


def _keep_django_logging(**_: object) -> None:
    """Leave logging as Django's settings made it, without a line for each message that came and was done."""
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _begin(task: Any = None, **_: object) -> None:
    """Do before a task what Django does before a request: leave connections that are broken or too old."""
    close_old_connections()
    watchdog.begin((task.request.delivery_info or {}).get("routing_key", "") if task else "")


def _end(**_: object) -> None:
    watchdog.end()


def _count_expired(request: Any = None, **_: object) -> None:
    """Count what Celery drops because it came too late; the relay's own batches never expire."""
    from ficus.events import listener  # the worker's part of Celery, which the relay does without

    listener.count(request.delivery_info, (request.args, request.kwargs), listener.EXPIRED)


def _count_uncallable(sender: Any = None, args: Any = None, kwargs: Any = None, **_: object) -> None:
    """Count a message with which no task can be called."""
    from ficus.events import listener

    if not isinstance(args, list | tuple) or not isinstance(kwargs, dict):
        listener.count(sender.request.delivery_info, (args, kwargs), listener.MALFORMED)
