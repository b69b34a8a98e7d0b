"""Who reads ``/metrics``, and that it holds what all workers have counted; semantics section 12."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import auth as django_auth
from django.db import OperationalError
from django.test import Client
from prometheus_client.metrics_core import Metric

from ficus.telemetry import metric_files, standing
from ficus.telemetry.metrics import may_read

LOOPBACK = ("127.0.0.0/8", "::1/128")
COUNTING = """
import sys
from prometheus_client import Counter, Gauge
Counter("told_total", "").inc(int(sys.argv[1]))
Gauge("alive", "", multiprocess_mode="livesum").inc()
print(__import__("os").getpid())
"""
READING = "from ficus.telemetry.metrics import exposition; print(exposition('')[0].decode())"


class TestMayRead:
    @pytest.mark.parametrize(
        ("address", "forwarded", "may"),
        [
            ("127.0.0.1", "", True),
            ("::1", "", True),
            ("192.0.2.7", "", False),
            ("", "", False),
            ("127.0.0.1", "192.0.2.7", False),
            ("127.0.0.1", "127.0.0.1, 192.0.2.7", False),
            ("127.0.0.1", "127.0.0.2,::1", True),
            ("127.0.0.1", "unknown", False),
        ],
    )
    def test_whoever_is_near_with_everybody_between(self, address: str, forwarded: str, may: bool) -> None:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}

        assert may_read(headers, address, allowed=LOOPBACK, token="") is may

    @pytest.mark.parametrize(
        ("given", "token", "may"),
        [
            ("Bearer open", "open", True),
            ("bearer  open", "open", True),
            ("Bearer opens", "open", False),
            ("Basic open", "open", False),
            ("Bearer ", "", False),
            ("", "open", False),
            ("Bearer öffne", "open", False),
        ],
    )
    def test_whoever_has_the_token(self, given: str, token: str, may: bool) -> None:
        assert may_read({"Authorization": given}, "192.0.2.7", allowed=LOOPBACK, token=token) is may

    def test_nobody_where_nobody_is_named(self) -> None:
        assert not may_read({}, "127.0.0.1", allowed=(), token="")


@pytest.mark.django_db
class TestMetrics:
    @pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
    def test_are_text_for_somebody_near(self, client: Client, path: str) -> None:
        answer = client.get(path)

        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        assert answer["Cache-Control"] == "no-store"
        assert b"\n# TYPE " in answer.content

    def test_are_openmetrics_for_who_asks_for_that(self, client: Client) -> None:
        answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

        assert answer["Content-Type"].startswith("application/openmetrics-text")
        assert answer.content.endswith(b"# EOF\n")

    def test_do_not_exist_for_a_stranger(self, client: Client) -> None:
        answer = client.get("/metrics", REMOTE_ADDR="192.0.2.7")

        assert answer.status_code == 404
        assert b"# TYPE" not in answer.content

    def test_are_read_from_afar_by_the_token(self, client: Client, settings: Any) -> None:
        settings.METRICS = {"NETWORKS": [], "TOKEN": "open"}

        answer = client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer open"})

        assert answer.status_code == 200


class TestFiles:
    @pytest.fixture(autouse=True)
    def _unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(metric_files.VARIABLE, raising=False)

    def test_are_added_up_over_workers_of_which_the_dead_live_no_longer(self, tmp_path: Path) -> None:
        environment = {**os.environ, metric_files.VARIABLE: str(tmp_path)}

        def run(code: str, *arguments: str) -> str:
            command = [sys.executable, "-c", code, *arguments]
            return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

        run(COUNTING, "3")
        dead = int(run(COUNTING, "4"))
        assert "\ntold_total 7.0\n" in run(READING)
        assert "\nalive 2.0\n" in run(READING)

        os.environ[metric_files.VARIABLE] = str(tmp_path)
        metric_files.forget(dead)

        assert "\ntold_total 7.0\n" in run(READING)
        assert "\nalive 1.0\n" in run(READING)

    def test_are_in_a_directory_of_this_process_until_it_ends(self) -> None:
        metric_files.prepare()
        first = Path(os.environ[metric_files.VARIABLE])
        (first / "counter_1.db").touch()

        metric_files.prepare()

        assert Path(os.environ[metric_files.VARIABLE]) == first
        assert [file.name for file in first.iterdir()] == ["counter_1.db"]

        metric_files.remove()

        assert not first.exists()

    def test_are_not_shared_with_the_server_that_this_one_replaces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(metric_files.VARIABLE, "/tmp/ficus-metrics-1-abc")

        metric_files.prepare()

        own = Path(os.environ[metric_files.VARIABLE])
        assert own.name.startswith(f"ficus-metrics-{os.getpid()}-")
        metric_files.remove()

    def test_of_a_process_before_are_emptied_where_the_operator_wants_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "counter_1.db").touch()
        monkeypatch.setenv(metric_files.VARIABLE, str(tmp_path))

        metric_files.prepare()
        metric_files.remove()

        assert list(tmp_path.iterdir()) == []


class TestStanding:
    def test_is_asked_for_once_for_several_readers_and_anew_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[int] = []
        monkeypatch.setattr(
            standing, "_measure", lambda: iter([asked.append(1) or Metric(f"m{len(asked)}", "", "gauge")])
        )
        found = standing.Standing()

        first = [metric.name for metric in [*found.collect(), *found.collect()]]
        monkeypatch.setattr(standing, "FRESH_SECONDS", -1.0)

        assert (first, [metric.name for metric in found.collect()]) == (["m1", "m1"], ["m2"])

    def test_of_an_app_that_cannot_be_asked_is_left_out_aloud(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def measure() -> Iterator[Metric]:
            raise OperationalError("the database is away")

        monkeypatch.setattr(standing, "module_has_submodule", lambda module, name: module is django_auth)
        monkeypatch.setattr(standing, "import_module", lambda name: SimpleNamespace(measure=measure))

        assert list(standing.Standing().collect()) == []
        assert "auth cannot say where it stands: the database is away" in caplog.text
