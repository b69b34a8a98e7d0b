"""
Celery's beat as a chore: sends the tasks that apps put on the clock to this service's worker.

The schedule is in memory; after a restart each interval begins anew. Whatever must not be missed is a row, not a tick.
"""

from celery import Celery
from celery.beat import Scheduler

from ficus.events.chores import Chore


def chores(app: Celery) -> list[Chore]:
    """Return the clock, if any app has put a task on it."""
    if not app.conf.beat_schedule:
        return []
    scheduler = Scheduler(app)

    def send_due_tasks() -> None:
        while scheduler.tick() == 0:
            pass

    return [Chore("the clock", send_due_tasks)]
