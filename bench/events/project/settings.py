"""The settings of one contender in one role: ``shop``, or ``orders`` or ``users`` in a saga."""

import logging
import os

import dj_database_url
import structlog

CONTENDER = os.environ["BENCH_CONTENDER"]
ROLE = SERVICE = os.environ["BENCH_ROLE"]
REDIS_URL = os.environ["BENCH_REDIS_URL"]
OTHER = {"orders": "users", "users": "orders"}.get(ROLE, "")

# What a team that changes nothing has: a connection for each task. The others keep theirs.
_AGE = {"delay_default": 0, "ficus": 60}.get(CONTENDER)
DATABASES = {
    "default": dict(
        dj_database_url.parse(
            os.environ["BENCH_DATABASE_URL"], conn_max_age=_AGE, conn_health_checks=CONTENDER == "ficus"
        )
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }

SECRET_KEY = "of-no-use-outside-a-benchmark"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["bench.events.project.apps.ProjectConfig"]

if CONTENDER == "ficus":
    INSTALLED_APPS += ["ficus.events", "ficus.sagas", "ficus.rpc"]
    EVENTS = {"SOURCE": ROLE, **({"PUSH_TO": [OTHER], "FEEDS": {OTHER: "rpc"}} if OTHER else {})}
    RPC = {
        "UPSTREAMS": {OTHER: os.environ["BENCH_OTHER_RPC"]} if OTHER else {},
        "SERVICERS": ["ficus.events.rpc.EventLogServicer"],
    }

if CONTENDER == "django_celery_outbox":
    INSTALLED_APPS += ["django_celery_outbox"]
    CELERY_OUTBOX_APP = "bench.events.project.celery_app.app"
    # It logs a line for each task, which nobody who is after speed would keep.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
