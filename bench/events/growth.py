"""Whether ficus slows down while its log grows, which is never emptied: one-way events on a log that is full."""

from collections.abc import Iterator

from bench.events.contenders import FICUS
from bench.events.plan import ONE_WAY, Plan
from bench.events.results import TYPICAL_RATE, Cell, Grown
from bench.events.stage import ContenderFailed, Stage
from ficus.supervisor.supervisor import CannotStart

TYPICAL_SECONDS = 4.0


def grow(stage: Stage, plan: Plan, database: str) -> Iterator[Grown]:
    """Fill the log step by step, and measure at each."""
    with stage.running() as turn:
        turn.warm_up(plan)  # leaves an event to copy
    for events in plan.growth:
        cell = Cell(database, ONE_WAY, FICUS)
        try:
            stage.run("bench.events.project.prefill", str(events))
            with stage.running() as turn:
                cell.windows.append(turn.saturate(plan))
                again = cell.windows[0].sent
                for _ in range(plan.rounds - 1):
                    cell.windows.append(turn.measure(count=again, rate=0, patience_seconds=plan.patience_seconds))
                count = int(TYPICAL_RATE * min(TYPICAL_SECONDS, plan.rates[0][1]))
                cell.windows.append(
                    turn.measure(count=count, rate=TYPICAL_RATE, patience_seconds=plan.patience_seconds)
                )
        except (ContenderFailed, CannotStart) as error:
            cell.trouble.append(str(error))
        yield Grown(events, cell)
