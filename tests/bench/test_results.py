"""What a benchmark's JSON, table and picture hold, and what they own up to."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.events import plot, table
from bench.events.contenders import CONTENDERS, OUTBOX, refusal
from bench.events.results import HEADLINES, Cell, Grown, as_json
from bench.events.window import Window
from bench.machine import Machine, cpu_model

MACHINE = {"at": "2026-01-02T03:04:05+00:00", "cpu": "Some CPU", "cores": 2, "load": 0.1, "system": "Linux 6"}


def window(rate: float, cpu: float, *latencies: float, said: str = "") -> Window:
    """Return a window of as many events as there are latencies, in one second, and one that never arrived."""
    number = len(latencies)
    spent = {"worker": cpu * 0.75, "database": cpu * 0.25}
    return Window(rate, number + 1, number, 0, 1.0, list(latencies), spent, said)


def cell(contender: str, cpu: float, database: str = "postgresql", kind: str = "one_way") -> Cell:
    windows = [window(0, cpu / 500, 90.0, 90.0), window(0, cpu / 250, 90.0, 90.0), window(0, cpu / 500, 90.0, 95.0)]
    return Cell(database, kind, contender, [*windows, window(50, 1.0, 5.0, 7.0, 6.0)])


def found(cells: list[Cell], grown: list[Grown] | None = None, warning: str = "") -> dict[str, Any]:
    machine = {**MACHINE, "versions": {"Python": "3.11"}, "warning": warning}
    results = as_json(cells, grown or [], machine=machine, remarks=["a remark"])
    return {**results, "command": "make bench-events", "plan": "full", "took_seconds": 9}


class TestJSON:
    def test_has_four_figures_for_each_contender_of_either_kind(self) -> None:
        results = found([cell(name, 2.0) for name in CONTENDERS])

        for kind in ("one_way", "saga"):
            assert list(results[kind]) == list(CONTENDERS)
            assert all(tuple(figures) == HEADLINES for figures in results[kind].values())
        assert results["one_way"]["ficus"] == {
            "events_per_s": 2.0,
            "p50_ms": 6.0,
            "p99_ms": 7.0,
            "cpu_s_per_1000": 2.0,
        }
        assert results["saga"]["ficus"] == dict.fromkeys(HEADLINES)
        assert json.loads(json.dumps(results)) == results

    def test_shows_postgresql_before_sqlite_and_sqlite_where_there_is_nothing_else(self) -> None:
        both = found([cell("ficus", 2.0), cell("ficus", 1.0, "sqlite")])
        one = found([cell("ficus", 1.0, "sqlite")])

        assert (both["database"], both["one_way"]["ficus"]["cpu_s_per_1000"]) == ("postgresql", 2.0)
        assert (one["database"], one["one_way"]["ficus"]["cpu_s_per_1000"]) == ("sqlite", 1.0)
        assert both["databases"]["sqlite"]["one_way"]["ficus"]["cpu_s_per_1000"] == 1.0

    def test_counts_what_never_arrived_and_tells_what_went_wrong(self) -> None:
        broken = Cell("postgresql", "saga", "ficus", [window(0, 1.0, 1.0, said="locked")], ["a process died"])

        known = found([broken])["databases"]["postgresql"]["saga"]["ficus"]

        assert (known["sent"], known["missing"]) == (2, 1)
        assert known["trouble"] == ["a process died", "locked"]

    def test_splits_the_cost_by_part(self) -> None:
        known = found([cell("ficus", 2.0)])["databases"]["postgresql"]["one_way"]["ficus"]["by_rate"]

        assert list(known) == ["50", "saturation"]
        assert known["saturation"]["cpu_by_part"] == {"worker": 1.5, "database": 0.5}


class TestTable:
    def test_has_a_row_for_each_contender_with_its_cost_in_ours(self) -> None:
        page = table.render(found([cell("delay_default", 9.0), cell("ficus", 2.0)]))

        assert "| task.delay(), defaults | 2 | 9.00 | 4.5 |" in page
        assert "| ficus | 2 | 2.00 | 1.0 |" in page
        assert "5.0 / 7.0" not in page
        assert "6.0 / 7.0 | 90.0 / 95.0 | 4 of 13 |" in page
        assert "- a remark" in page
        assert "Some CPU, 2 cores, load 0.1 at start" in page

    def test_is_loud_about_a_busy_machine(self) -> None:
        assert "**THE MACHINE WAS BUSY**" in table.render(found([cell("ficus", 2.0)], warning="THE MACHINE WAS BUSY"))

    @pytest.mark.parametrize(("last", "said"), [(2.2, "CPU +10%, p50"), (2.6, "CPU +30% (not flat), p50")])
    def test_says_whether_growth_is_flat(self, last: float, said: str) -> None:
        grown = [Grown(1_000, cell("ficus", 2.0)), Grown(1_000_000, cell("ficus", last))]

        page = table.render(found([cell("ficus", 2.0)], grown))

        assert "| 1 000 000 | 2 |" in page
        assert f"throughput +0%, {said} +0%. Flat means within 20%." in page


class TestPicture:
    def test_is_a_png_even_of_what_was_half_measured(self, tmp_path: Path) -> None:
        grown = [Grown(1_000, cell("ficus", 2.0)), Grown(10_000, Cell("postgresql", "one_way", "ficus"))]
        half = [cell("ficus", 2.0), Cell("postgresql", "saga", "ficus"), cell("delay_tuned", 1.0, "sqlite")]

        plot.draw(found(half, grown), tmp_path / "events.png")

        assert (tmp_path / "events.png").read_bytes().startswith(b"\x89PNG")


class TestMachine:
    def test_is_described_with_the_versions_that_took_part(self) -> None:
        machine = Machine.look(["django-celery-outbox"])

        assert machine.cores >= 1
        assert machine.versions["django-celery-outbox"] == "0.4.3"

    @pytest.mark.parametrize(("load", "busy"), [(0.9, False), (1.1, True)])
    def test_is_busy_when_more_than_half_of_it_is(self, load: float, busy: bool) -> None:
        machine = Machine(at="", cpu="", cores=2, load=load, system="", versions={})

        assert ("BUSY" in machine.warning) is busy

    def test_has_the_model_of_its_first_core(self) -> None:
        assert cpu_model("processor : 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n") == "AMD EPYC"
        assert cpu_model("") != ""


class TestRefusal:
    def test_is_told_where_a_contender_cannot_run(self) -> None:
        assert "SKIP LOCKED" in refusal(OUTBOX, "sqlite")
        assert [refusal(name, "postgresql") for name in CONTENDERS] == [""] * 4
