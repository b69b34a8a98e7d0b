"""A rebuild that is killed goes on where it was, as a process of its own; proves issue 3, event sourcing, resumable."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from apps.orders.models import Order, OrderLine, RebuildRun
from apps.orders.rebuilding import run as running
from contracts.orders.events import Line, OrderPlaced
from ficus.events import log
from ficus.events.announced import unannounced
from ficus.testing.crash_points import CrashPoints
from tests.commands import ROOT
from tests.ficus.events.test_relay_process import database, own_database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ORDERS = 2 * running.BATCH + 10
# One in so many has lost its row, so that each batch has something to make.
LOST = 100


@pytest.fixture
def orders() -> int:
    """As many orders as make three batches; of some the log alone still tells."""
    placed = [placing() for _ in range(ORDERS)]
    with transaction.atomic():
        log.append_many([(event, 1) for event in placed])
    known = [event for number, event in enumerate(placed) if number % LOST]
    with unannounced("rows as their events tell"):
        Order.objects.bulk_create(row(event) for event in known)
        OrderLine.objects.bulk_create(
            OrderLine(order_id=event.order_id, position=1, sku="mug", name="Mug", quantity=1, unit_price=1250)
            for event in known
        )
    return ORDERS


class TestKilledRebuild:
    def test_goes_on_where_it_was(self, tmp_path: Path, orders: int) -> None:
        crash_points = CrashPoints(tmp_path)
        crash_points.arm("rebuild.before_keep", at_pass=2)

        killed = rebuild(**crash_points.environment)
        known = RebuildRun.objects.get().done
        again = rebuild(**crash_points.environment)

        assert (killed.returncode, known) == (-signal.SIGKILL, running.BATCH)
        assert f"goes on behind {running.BATCH} orders" in again.stderr
        assert again.stdout.splitlines()[-1].startswith(f"{orders} orders are as their events tell, ")
        assert again.returncode == 0
        assert (Order.objects.count(), OrderLine.objects.count(), RebuildRun.objects.count()) == (orders, orders, 0)


def placing() -> OrderPlaced:
    lines = [Line(sku="mug", name="Mug", quantity=1, unit_price=1250)]
    return OrderPlaced(
        order_id=uuid4(), customer_id=uuid4(), currency="EUR", total=1250, lines=lines, placed_at=timezone.now()
    )


def row(event: OrderPlaced) -> Order:
    return Order(
        id=event.order_id,
        customer_id=event.customer_id,
        currency=event.currency,
        total=event.total,
        placed_at=event.placed_at,
    )


def rebuild(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "rebuild"],
        cwd=ROOT,
        env={**os.environ, **database(own_database_url()), **environment},
        capture_output=True,
        text=True,
        timeout=200,
    )
