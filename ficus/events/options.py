"""
What a project's settings say about events, and what holds where they say nothing.

    EVENTS = {
        "SOURCE": "shop",              # name of this project's log, for ever: others keep their place in it by name
        "PUSH_TO": ["stock", "mail"],  # consumers that the relay pushes to; unless given: those of this process
        "FEEDS": {"shop": "local"},    # logs that the consumers here follow; unless given: this project's own
        "FAR_BEHIND": 1000,            # events behind the end of a log from which on fresh ones overtake the others
        "PARTITIONS": {"stock": 4},    # in how many parts a consumer follows, so that as many workers share it; 1
        "ARCHIVE": "/srv/archive",     # directory for what ``log archive`` takes out of the table; no default
        "DEAF_AFTER_SECONDS": 10,      # a worker that takes nothing for so long, while batches wait, is ended
        "HANDLER_SECONDS": 30,         # a transaction of handlers is interrupted, and fails, after so long
        "TAKE_OVER_AFTER_SECONDS": 10, # a relay that gives no positions for so long is replaced by one that stands by
    }
    REDIS_URL = "redis://127.0.0.1:6379/0"
    CELERY_APP = "ficus.events.worker.app"

A feed is ``local``, or another project's log: by its name among the gRPC upstreams of ``ficus.rpc``.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ficus.events.consumer import Consumer, consumers

REDIS_URL = "redis://127.0.0.1:6379/0"
FAR_BEHIND = 1_000
CELERY_APP = "ficus.events.worker.app"


def source() -> str:
    """
    Return the name of this project's log.

    :raises ImproperlyConfigured: if settings give it none.
    """
    try:
        name: str = settings.EVENTS["SOURCE"]
    except (AttributeError, KeyError):
        raise ImproperlyConfigured('name the log of this project in settings: EVENTS = {"SOURCE": "shop"}') from None
    return name


def push_to() -> list[str]:
    """Return the names of the consumers that the relay pushes to; what is pushed to ``a`` reaches ``a.b`` too."""
    given: list[str] | None = _events().get("PUSH_TO")
    if given is not None:
        return given
    return [name for name in consumers() if (head := name.partition(".")[0]) == name or head not in consumers()]


def feeds() -> dict[str, str]:
    """Return the logs that this process's consumers follow: by name, where each is."""
    given: dict[str, str] | None = _events().get("FEEDS")
    return {source(): "local"} if given is None else given


def sources() -> set[str]:
    """Return the names of all logs that consumers here may follow: the feeds, and this project's own."""
    return {source(), *feeds()}


def followed_by(consumer: Consumer) -> list[str]:
    """
    Return the logs that a consumer follows: by the first word of what it handles this project's own, or a feed's.

    A first word that names neither may stand in any feed, as in a monolith, whose one log has the events of all.
    """
    followed: dict[str, None] = {}
    for service in {type.partition(".")[0] for type in consumer.handlers}:
        followed |= dict.fromkeys([service] if service in sources() else feeds())
    return list(followed)


def partitions(consumer: str) -> int:
    """Return in how many parts the consumer follows its logs, for those who push to it as for itself."""
    given: dict[str, int] = _events().get("PARTITIONS", {})
    return given.get(consumer, 1)


def far_behind() -> int:
    """Return how many events behind the end of a log a consumer's backlog begins; fresh events overtake a backlog."""
    number: int = _events().get("FAR_BEHIND", FAR_BEHIND)
    return number


def archive() -> Path | None:
    """Return the directory where archives of the log are kept; None if settings name none."""
    given = _events().get("ARCHIVE")
    return Path(given).absolute() if given else None


def deaf_after_seconds() -> float:
    """Return how long batches may wait for a worker that takes nothing."""
    return float(_events().get("DEAF_AFTER_SECONDS", 10.0))


def handler_seconds() -> float:
    """Return how long one transaction of handlers may last."""
    return float(_events().get("HANDLER_SECONDS", 30.0))


def take_over_after_seconds() -> float:
    """Return how long entries may wait for their position before another relay takes over."""
    return float(_events().get("TAKE_OVER_AFTER_SECONDS", 10.0))


def redis_url() -> str:
    """Return where Redis is; it carries batches and pokes, and no truth."""
    return getattr(settings, "REDIS_URL", REDIS_URL)


def celery_app() -> str:
    """Return the dotted path of the Celery application that the relay publishes with."""
    return getattr(settings, "CELERY_APP", CELERY_APP)


def _events() -> dict[str, Any]:
    return getattr(settings, "EVENTS", {})
