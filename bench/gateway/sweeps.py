"""Ours, by how many routes its table has, how many different tokens are shown, and how many workers share the work."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from bench.gateway.load import LoadBroken
from bench.gateway.ours import Ours, several
from bench.gateway.place import Contender
from bench.gateway.results import Step
from bench.gateway.stage import Stage, Turn, Window
from bench.gateway.tokens import Tokens

ROUTES, TOKENS, WORKERS = "routes in the table (bare)", "different tokens (everything on)", "workers (everything on)"
TAKES_FORCE_SECONDS = 30.0
LONGEST_FIRST_LOOK_SECONDS = 120.0
FIRST_LOOKS_A_SECOND = 2_000


class Sweeps:
    """Each measures step by step, on one gateway that goes on running where it can."""

    def __init__(self, stage: Stage, ours: Ours, tokens: Tokens) -> None:
        self._stage, self._ours, self._tokens = stage, ours, tokens
        self._made: list[str] = []

    def all(self, bare: Contender, full: Contender) -> list[tuple[str, Callable[[], Iterator[Step]]]]:
        return [
            (ROUTES, partial(self.by_routes, bare)),
            (TOKENS, partial(self.by_tokens, full)),
            (WORKERS, partial(self.by_workers, full)),
        ]

    def by_routes(self, bare: Contender) -> Iterator[Step]:
        """Ask for all routes of ever larger tables, which come into force while the gateway runs."""
        with self._stage.running(bare) as turn:
            for count in self._stage.plan.routes:
                self._lay(count)
                paths = [f"{path}/one" for _, path in several(count)]
                _wait_for(f"http://{turn.address}{paths[-1]}")
                requests = self._stage.load.write(f"routes-{count}", turn.address, paths, repeat({}, count))
                turn.warm_up(requests)
                yield Step(count, turn.saturate(requests))
        self._lay(0)

    def by_tokens(self, full: Contender) -> Iterator[Step]:
        """Show ever more different tokens, one after the other."""
        counts = self._stage.plan.tokens
        if not self._made:
            self._made = self._tokens.make(max(counts))
        with self._stage.running(full) as turn:
            for count in counts:
                self._show_all(turn, count)
                requests = self._write(turn, self._made[:count])
                turn.warm_up(requests)
                yield Step(count, turn.saturate(requests))

    def _show_all(self, turn: Turn, count: int) -> None:
        """Show each token once: the first look at one costs much more than all later ones, and is none of theirs."""
        seen, ends_at = 0, time.monotonic() + LONGEST_FIRST_LOOK_SECONDS
        while seen < count and time.monotonic() < ends_at:
            unseen = self._made[seen:count]
            seen += turn.warm_up(self._write(turn, unseen), max(1.0, len(unseen) / FIRST_LOOKS_A_SECOND)).requests

    def _write(self, turn: Turn, tokens: list[str]) -> Path:
        fields = [{"Authorization": f"Bearer {token}"} for token in tokens]
        return self._stage.load.write("tokens", turn.address, repeat(turn.contender.path, len(tokens)), fields)

    def by_workers(self, full: Contender) -> Iterator[Step]:
        for count in self._stage.plan.workers:
            with self._stage.running(full, workers=count, cores=self._stage.cores.several) as turn:
                yield Step(count, _saturated(turn))

    def _lay(self, routes: int) -> None:
        self._stage.processes.run(self._ours.lay(self._ours.table(self._stage.bodies.address, routes=routes)))


def _saturated(turn: Turn) -> Window:
    requests = turn.requests()
    turn.warm_up(requests)
    return turn.saturate(requests)


def _wait_for(url: str) -> None:
    """:raises LoadBroken: if a route does not come into force."""
    ends_at = time.monotonic() + TAKES_FORCE_SECONDS
    while time.monotonic() < ends_at:
        try:
            with urlopen(url, timeout=5):
                return
        except HTTPError:
            time.sleep(0.1)
    raise LoadBroken(f"{url} did not come into force")
