"""Runs the relay: pushes this service's events, pulls what its consumers missed, and keeps the clock."""

import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.module_loading import import_string

from ficus.configuration import following as configuration
from ficus.events import catch_up, checks, clock, following, inbox, options, overtime
from ficus.events.chores import Chore, chores, run_until
from ficus.events.push import CeleryBroker
from ficus.events.relay import Relay
from ficus.supervisor.readiness import announce

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# How long the chores may take to end; what they had not committed is done again by the next relay.
GRACE_SECONDS = 5.0


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = (checks.TAG,)

    def handle(self, *args: Any, **arguments: Any) -> None:
        celery = import_string(options.celery_app())
        relay = Relay(options.push_to(), CeleryBroker(celery))
        # Signals are waited for here and handled nowhere: a handler could meet a lock that its own thread holds.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        overtime.start()
        configuration.start()
        relaying = started(relay.run)
        threads = [relaying, started(relay.listen)]
        threads += [started(partial(run_until, relay.stopping, chore)) for chore in self.chores(celery)]
        announce()
        while relaying.is_alive() and not told_to_end(seconds=1.0):
            pass
        broken = not relaying.is_alive()
        relay.stop()
        join(threads, GRACE_SECONDS)
        if broken:
            raise CommandError("the relay ended by itself")

    def chores(self, celery: Any) -> list[Chore]:
        parked = Chore("parked events", lambda: inbox.retry_parked(at=timezone.now()))
        return [*catch_up.chores(), *following.chores(), parked, *clock.chores(celery), *chores()]


def told_to_end(*, seconds: float) -> bool:
    """
    Wait for one of the signals; return whether one came.

    A process that was stopped for longer than that, and goes on, may get something that is no signal of these (CPython
    3.11 returns memory that it never wrote).
    """
    came = signal.sigtimedwait(SIGNALS, seconds)
    return came is not None and came.si_signo in SIGNALS


def started(work: Callable[[], object]) -> threading.Thread:
    """Run the work in a thread that does not outlive the process."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def join(threads: list[threading.Thread], seconds: float) -> None:
    """Wait for all threads together, no longer than that."""
    ends_at = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
