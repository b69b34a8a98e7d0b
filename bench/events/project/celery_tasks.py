"""What each role of the scratch project does as Celery's tasks; ``tell`` is where plain tasks and the outbox differ."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction

from bench.events.project import actions
from bench.events.project.events import Sold


def tell(task: Any, queue: str, **arguments: object) -> None:
    """Send a task when the transaction is committed; through an outbox in the transaction itself."""
    send = partial(task.apply_async, kwargs=arguments, queue=queue)
    if settings.CONTENDER == "django_celery_outbox":
        send()
    else:
        transaction.on_commit(send)


@shared_task(name="shop.take")
def take(*, sale_id: str, number: int, sku: str, quantity: int) -> None:
    actions.take([Sold(sale_id=UUID(sale_id), number=number, sku=sku, quantity=quantity)])


@shared_task(name="users.reserve")
def reserve(*, order_id: str, amount: int) -> None:
    actions.reserve({UUID(order_id): amount}, announce=announce_reserved)


@shared_task(name="orders.confirm")
def confirm(*, order_id: str) -> None:
    actions.confirm([UUID(order_id)], announce=announce_nothing)


def announce_reserved(order_ids: Sequence[UUID]) -> None:
    for order_id in order_ids:
        tell(confirm, "orders", order_id=str(order_id))


def announce_nothing(order_ids: Sequence[UUID]) -> None:
    """End the saga: nobody has to hear of it."""
