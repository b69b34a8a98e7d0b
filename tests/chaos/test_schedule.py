from itertools import pairwise, product

import pytest

from tests.chaos.run import Choices
from tests.chaos.schedule import CALM_SECONDS, Fault, Targets, plan

TARGETS = Targets(processes=["users-web", "users-worker", "gateway"], consumers=["users", "orders"], postgres=True)
LONG_RUN_MINUTES = 30.0


def planned(seed: int = 1, seconds: float = 600.0) -> list[Fault]:
    return plan(seed=seed, seconds=seconds, every=5.0, targets=TARGETS)


class TestPlan:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self) -> None:
        assert planned(seed=3) == planned(seed=3)
        assert planned(seed=3) != planned(seed=4)

    def test_has_one_of_each_kind_before_it_has_two_of_any(self) -> None:
        kinds = len(TARGETS.by_kind())

        assert len({fault.kind for fault in planned()[:kinds]}) >= kinds - 1  # one may wait for its target to be free

    def test_leaves_each_target_alone_while_something_happens_to_it(self) -> None:
        by_target: dict[str, list[Fault]] = {}
        for fault in planned():
            by_target.setdefault(fault.target, []).append(fault)

        for faults in by_target.values():
            for one, next_one in pairwise(faults):
                assert one.ends <= next_one.at

    def test_begins_after_a_calm_and_keeps_to_the_time(self) -> None:
        faults = planned(seconds=60.0)

        assert faults[0].at == CALM_SECONDS
        assert max(fault.at for fault in faults) < 60.0
        assert max(fault.ends for fault in faults) <= 62.0

    @pytest.mark.parametrize(
        ("shape", "database"),
        [*product(["services", "monolith"], ["sqlite", "postgres"])],
        ids=["services", "services-postgres", "monolith", "monolith-postgres"],
    )
    def test_of_a_long_run_does_every_kind_to_every_target(self, shape: str, database: str) -> None:
        choices = Choices(seed=7, minutes=LONG_RUN_MINUTES, shape=shape, database=database)

        done = {(fault.kind, fault.target) for fault in choices.schedule()}

        possible = {(kind, target) for kind, targets in choices.targets().by_kind().items() for target in targets}
        assert done == possible
        assert {"gateway", "gateway workers", "redis"} <= {target for _, target in possible}
        assert (("stop", "postgres") in possible) == (database == "postgres")
