"""
Celery's transport over Redis, for a worker that lives on when something lies in its queue that is no message.

kombu lets the error through and the worker ends by it; a handful of such messages, and its supervisor waits longer and
longer before it starts a new one. Here they are refused and counted, as whatever else is no batch for anybody.
"""

import logging
from contextlib import suppress
from typing import Any, Literal

import kombu
import msgspec
from celery.app.amqp import AMQP
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from kombu.transport import redis

from ficus.events import refusals

logger = logging.getLogger(__name__)

UNREADABLE = (TypeError, LookupError, ValueError, AttributeError)


class Properties(msgspec.Struct):
    delivery_tag: str
    delivery_info: dict[str, Any]
    body_encoding: Literal["base64"]


class Message(msgspec.Struct):
    """What lies in Redis, as far as kombu stumbles over it. What Celery makes of it is the listener's business."""

    body: str
    headers: dict[str, Any]
    properties: Properties


class Channel(redis.Channel):
    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # its types lack it
        except UnicodeDecodeError as error:
            _refuse("", error.object)
        except ValueError as error:  # a JSON reader's, which tells what it was given
            _refuse("", getattr(error, "doc", error))
        return True


class Transport(redis.Transport):
    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        try:
            tag = msgspec.convert(message, Message).properties.delivery_tag
        except msgspec.ValidationError:
            _refuse(queue or "", message)
            return
        try:
            super()._deliver(message, queue)
        except UNREADABLE:
            logger.exception("a message in %s could not be read", queue)
            self._let_go(tag)
            _refuse(queue or "", message)

    def _let_go(self, tag: str) -> None:
        """Have nobody wait for the message to be acknowledged; one that is not would be the last that is taken."""
        for channel in self.channels or ():
            with suppress(KeyError):
                channel.qos.get(tag)
                channel.basic_ack(tag)


class Connection(kombu.Connection):
    def get_transport_cls(self) -> type[Transport]:
        """Return the one above, however the address names Redis: kombu has several words for it."""
        return Transport


class Amqp(AMQP):
    """What a Celery application makes its connections by."""

    Connection = Connection


def _refuse(queue: str, message: Any) -> None:
    close_old_connections()
    consumer = queue.removeprefix("events.")
    try:
        refusals.count(consumer=consumer, source="", reason="not a message", message=message, at=timezone.now())
    except DatabaseError:
        logger.exception("the refused message could not be counted")
