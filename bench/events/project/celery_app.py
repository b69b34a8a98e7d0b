"""
The Celery application of the contenders that are Celery's own: as it comes, tuned, or with an outbox before it.

Tuned: one process that keeps its connections, with neither the fix-up that closes them around each task nor results.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.events.project.settings")

import django
from celery import Celery, signals
from django.apps import apps
from django.conf import settings

from ficus.supervisor.readiness import announce


def make_app() -> Celery:
    if settings.CONTENDER == "delay_default":
        app = Celery("project")
    else:
        if not apps.ready:
            django.setup()
        app = _tuned()
    # The whole of what a default team would say: where Redis is, and which queue is this service's.
    app.conf.update(broker_url=settings.REDIS_URL, task_default_queue=settings.ROLE)
    app.conf.imports = ("bench.events.project.celery_tasks",)
    app.set_default()
    return app


def _tuned() -> Celery:
    if settings.CONTENDER == "django_celery_outbox":
        from django_celery_outbox import OutboxCelery as Application
    else:
        Application = Celery
    app = Application("project", fixups=[])
    app.conf.update(
        worker_pool="solo",
        task_ignore_result=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
    )
    return app


app = make_app()
signals.worker_ready.connect(lambda **_: announce(), weak=False)
