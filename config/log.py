"""How every process writes its log: read by the settings, and by gunicorn before there are settings."""

from typing import Any

from ficus.configuration.environment import Environment

VERSION = "0.1.0"


def log_options(env: Environment, service: str) -> dict[str, Any]:
    """Return what ``ficus.telemetry.logs`` asks for: level by ``LOG_LEVEL``, JSON by ``LOG_JSON``."""
    level = env.str("LOG_LEVEL", "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        env.reject("LOG_LEVEL", "must be DEBUG, INFO, WARNING or ERROR")
        level = "INFO"
    return {"service": service, "version": VERSION, "level": level, "json": env.bool("LOG_JSON", not env.development)}
