"""Asks every instance for its health, beside the requests, so that a dead one is known before a client finds it."""

import asyncio
import logging
from random import random

from gateway.data.upstream.instance import Instance
from gateway.data.upstream.question import Unanswered, ask_instance
from gateway.data.upstream.standing import CHECK_SECONDS
from gateway.data.upstream.terms import UNASKED
from gateway.data.upstream.upstream import Upstream

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0


class Checks:
    """One worker's checks, each in a task of its own."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def begin_due(self, upstream: Upstream, now: float) -> None:
        """Begin the checks of the upstream's instances whose time has come; a new instance's comes within 5 s."""
        if upstream.terms.health_path == UNASKED:
            return
        for instance in upstream.instances:
            standing = instance.standing
            if not standing.next_check:
                # Spread, so that workers that start together do not ask together for ever after.
                standing.next_check = now + CHECK_SECONDS * random()  # noqa: S311 - no secret
            elif standing.next_check <= now:
                standing.next_check = now + CHECK_SECONDS
                task = asyncio.get_running_loop().create_task(check(upstream, instance))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)


async def check(upstream: Upstream, instance: Instance) -> None:
    """Ask one instance, and have it chosen or left out from now on if the verdict has changed."""
    fault = await _fault(instance, upstream.terms.health_path)
    before = instance.standing.fault
    if instance.standing.checked(fault):
        verdict = "is up again" if instance.standing.is_up else f"is down: {fault}"
        logger.warning("%s at %s %s", upstream.name, instance, verdict)
        upstream.settle_choices()
    elif fault and not before:
        logger.info("%s at %s failed a check: %s", upstream.name, instance, fault)


async def _fault(instance: Instance, path: str) -> str:
    """Return what is wrong, or nothing. A service that knows no such path is there all the same."""
    try:
        reply = await ask_instance(instance, path, seconds=ANSWER_SECONDS)
    except Unanswered as error:
        return str(error)
    return f"{path} is answered with {reply.status}" if reply.status >= 500 else ""
