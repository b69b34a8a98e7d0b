"""Everything comes from the environment, as ``tests.processes.processes`` sets it."""

import os

import dj_database_url

SECRET_KEY = "tests-only"
USE_TZ = True
INSTALLED_APPS = ["ficus.events", "tests.processes.station"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": dj_database_url.parse(os.environ["STATION_DATABASE_URL"])}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
EVENTS = {
    "SOURCE": "station",
    "DEAF_AFTER_SECONDS": float(os.environ.get("STATION_DEAF_AFTER_SECONDS", "10")),
    "HANDLER_SECONDS": float(os.environ.get("STATION_HANDLER_SECONDS", "30")),
    "TAKE_OVER_AFTER_SECONDS": 2,
}
REDIS_URL = os.environ["REDIS_URL"]
CELERY_APP = "tests.processes.station.worker.app"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
