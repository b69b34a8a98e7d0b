"""
Celery's consumer, but for what it makes of a message that is none: refused, counted, and the next one taken.

Celery logs and forgets most of them; some end the worker, and some keep its credit, so that it takes nothing more.
"""

import logging
from collections.abc import Callable
from typing import Any

import redis
from celery.worker.consumer import Consumer
from django.db import close_old_connections
from django.utils import timezone
from kombu.exceptions import ContentDisallowed

from ficus.events import refusals

logger = logging.getLogger(__name__)

NOT_READABLE = "its body cannot be read"
NOT_ACCEPTED = "its content type is not accepted"
UNKNOWN_TASK = "no such task here"
NO_TASK = "it names no task"
MALFORMED = "its headers or arguments are malformed"
EXPIRED = "it has expired"

UNKNOWN = "(unknown)"
# Kombu counts KeyError among them: a message without an id would have the worker connect anew, and take it, for ever.
BROKER_AWAY = (redis.RedisError, OSError)
_QUEUE_PREFIX = "events."


class Listener(Consumer):
    """What ``worker_consumer`` names. Nothing that arrives ends the worker or is passed over in silence."""

    connection_errors: tuple[type[Exception], ...]

    def create_task_handler(self, *args: Any, **options: Any) -> Callable[[Any], object]:
        take = super().create_task_handler(*args, **options)

        def take_or_refuse(message: Any) -> object:
            try:
                return take(message)
            except BROKER_AWAY:
                raise
            except Exception:
                logger.exception("a message could not be taken")
                self._refuse(message, MALFORMED)
                return None

        return take_or_refuse

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        self._refuse(message, NOT_ACCEPTED if isinstance(exc, ContentDisallowed) else NOT_READABLE)

    def on_unknown_message(self, body: Any, message: Any) -> None:
        self._refuse(message, NO_TASK)

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._refuse(message, UNKNOWN_TASK)

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._refuse(message, NOT_ACCEPTED if isinstance(exc, ContentDisallowed) else MALFORMED)

    def _refuse(self, message: Any, reason: str) -> None:
        message.reject_log_error(logger, self.connection_errors)  # gives back the credit
        count(message.delivery_info, message.body, reason)


def count(delivery_info: Any, body: Any, reason: str) -> None:
    """
    Count a message of Celery that is of no use to anybody here.

    :param delivery_info: what the message says about its way; it names the queue.
    """
    queue = delivery_info.get("routing_key", UNKNOWN) if isinstance(delivery_info, dict) else UNKNOWN
    shown = body.decode(errors="replace") if isinstance(body, bytes) else body
    consumer = str(queue).removeprefix(_QUEUE_PREFIX)
    close_old_connections()
    refusals.count(consumer=consumer, source=UNKNOWN, reason=reason, message=shown, at=timezone.now())
