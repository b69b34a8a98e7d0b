"""What benchmarks count with: percentiles, medians, CPU of process trees, latencies."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import cpu, figures
from bench.events.plan import QUICK
from bench.events.project import produce
from bench.events.project.stamps import COMMIT, EFFECT
from bench.events.stage import at_saturation
from bench.events.window import Stamps, Window, latencies


class TestPercentile:
    @pytest.mark.parametrize(
        ("values", "share", "expected"),
        [
            ([7.0], 0.5, 7.0),
            ([3.0, 1.0, 2.0], 0.5, 2.0),
            ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
            ([float(n) for n in range(1, 101)], 0.99, 99.0),
            ([float(n) for n in range(1, 11)], 0.99, 10.0),
            ([1.0, 2.0], 0.0, 1.0),
        ],
    )
    def test_is_the_nearest_rank(self, values: list[float], share: float, expected: float) -> None:
        assert figures.percentile(values, share) == expected

    def test_of_nothing_is_none(self) -> None:
        assert figures.percentile([], 0.5) is None


class TestMedians:
    def test_pass_over_what_was_not_measured(self) -> None:
        assert figures.middle([3.0, None, 1.0, 2.0]) == 2.0
        assert figures.middle([None]) is None

    def test_have_a_spread_when_there_are_two(self) -> None:
        assert figures.spread([9.0, 10.0, 12.0]) == pytest.approx(0.3)
        assert figures.spread([9.0, None]) is None

    def test_cost_is_for_a_thousand(self) -> None:
        assert figures.per_thousand(0.5, 250) == 2.0
        assert figures.per_thousand(0.5, 0) is None


class TestCPU:
    LINE = "42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 100 20 30 4 20 0 1 0 5 6 7"

    def test_reads_a_line_whose_name_has_blanks_and_brackets(self) -> None:
        assert cpu.parse(self.LINE) == cpu.Stat(pid=42, parent=7, ticks=154)

    def test_adds_up_a_tree_with_its_ended_children_and_no_stranger(self) -> None:
        stats = [
            cpu.Stat(pid=1, parent=0, ticks=1000),
            cpu.Stat(pid=10, parent=1, ticks=5),
            cpu.Stat(pid=11, parent=10, ticks=6),
            cpu.Stat(pid=12, parent=11, ticks=7),
            cpu.Stat(pid=20, parent=1, ticks=100),
        ]

        assert cpu.seconds(stats, 10) == 18 / cpu.TICKS

    def test_tells_of_a_process_that_has_gone(self) -> None:
        with pytest.raises(LookupError, match="no process 5"):
            cpu.seconds([cpu.Stat(pid=1, parent=0, ticks=1)], 5)

    def test_adds_up_the_trees_of_a_part(self, tmp_path: Path) -> None:
        for pid, ticks in ((3, 10), (4, 20)):
            (tmp_path / str(pid)).mkdir()
            (tmp_path / str(pid) / "stat").write_text(f"{pid} (x) S 1 0 0 0 0 0 0 0 0 0 {ticks} 0 0 0 20 0")
        (tmp_path / "self").mkdir()

        assert cpu.by_part({"worker": [3, 4], "redis": [3]}, tmp_path) == {
            "worker": 10 / cpu.TICKS + 20 / cpu.TICKS,
            "redis": 10 / cpu.TICKS,
        }

    def test_sees_this_process(self) -> None:
        assert cpu.by_part({"tests": [os.getpid()]})["tests"] > 0


class TestLatencies:
    def test_run_from_commit_to_effect_and_include_how_late_the_beginning_was(self) -> None:
        commits = [(1, 0, 1_000_000), (2, 5_000_000, 2_000_000), (3, 0, 9_000_000)]
        effects = {1: 3_000_000, 2: 3_000_000}

        assert latencies(commits, effects) == [2.0, 6.0]

    def test_are_not_negative_when_an_effect_is_stamped_first(self) -> None:
        assert latencies([(1, 0, 2_000_000)], {1: 1_500_000}) == [0.0]


class TestStamps:
    def test_are_read_once_and_only_when_whole(self, tmp_path: Path) -> None:
        stamps = Stamps(tmp_path)
        assert stamps.effects() == []
        (tmp_path / "effects").write_bytes(EFFECT.pack(1, 10) + EFFECT.pack(2, 20)[:5])
        (tmp_path / "commits").write_bytes(COMMIT.pack(1, 0, 5))

        assert stamps.effects() == [(1, 10)]
        (tmp_path / "effects").write_bytes(EFFECT.pack(1, 10) + EFFECT.pack(2, 20))

        assert stamps.effects() == [(2, 20)]
        assert stamps.effects() == []
        assert stamps.commits() == [(1, 0, 5)]


class TestLane:
    def test_does_its_share_and_tells_what_failed(self) -> None:
        def do(number: int, committed: Callable[[], None]) -> None:
            if number == 13:
                raise OSError("disk full")
            committed()

        stamped, failed = produce.lane(do, first=10, count=7, began=0, pause=0, offset=1, step=2)

        assert [(number, late) for number, late, _ in stamped] == [(11, 0), (15, 0)]
        assert failed == ["OSError('disk full')"]

    def test_begins_when_it_is_due_and_says_how_late(self) -> None:
        began = time.monotonic_ns()

        stamped, _ = produce.lane(
            lambda _, committed: committed(), first=1, count=3, began=began, pause=5_000_000, offset=0, step=1
        )

        assert all(at >= began + index * 5_000_000 + late for index, (_, late, at) in enumerate(stamped))
        assert all(late >= 0 for _, late, _ in stamped)


class TestAtSaturation:
    @pytest.mark.parametrize(
        ("arrived", "count"), [(0, QUICK.least), (10, QUICK.least), (200, 400), (100_000, QUICK.most)]
    )
    def test_sends_as_many_as_last_long_enough(self, arrived: int, count: int) -> None:
        assert at_saturation(QUICK, Window(rate=0, arrived=arrived, seconds=1.0)) == count
