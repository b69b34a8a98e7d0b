"""Ours: bare, with everything on, and with a cached answer; by its own commands and settings, as an operator would."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.gateway.place import ROOT, Contender, Place
from bench.gateway.upstream import Upstream
from config.processes import GUNICORN, MANAGE
from config.services import NAMES
from ficus.supervisor.probes import answers
from ficus.supervisor.process import Process
from gateway.data.policies import KINDS

BARE, FULL, CACHED = "ficus_bare", "ficus_full", "ficus_cached"
INTERPRETED = "ficus_interpreted"
SAMPLED_SHARE = 0.01
ISSUER = "http://gateway.bench"

# What "everything on" means beside a token, balancing, deadline, histogram, access log and sampled traces: the terms
# of policies by kind, as far as this tree has them.
WANTED: Mapping[str, Any] = {
    "require": {"scopes": ["orders:read"]},
    "rate": {"limits": ["36000000/hour by subject"]},
    "concurrency": {"most": 10_000, "by": "route"},
    "retry": {},
}
CACHE: Mapping[str, Any] = {"cache": {"ttl_seconds": 3600}}


@dataclass(frozen=True)
class Ours:
    """
    A gateway of ours and what it needs.

    :ivar state: directory of its database.
    :ivar token: of the requests that have to be signed in.
    :ivar collector: where spans go.
    :ivar compiled: directory of the compiled data path; None where it is interpreted.
    """

    state: Path
    upstream: Upstream
    redis_url: str
    collector: str
    token: str
    compiled: Path | None = None

    def contenders(self) -> list[Contender]:
        signed = {"Authorization": f"Bearer {self.token}"}
        no_cache = "" if "cache" in KINDS else "this tree has no policy that caches"
        interpreted = replace(self, compiled=None)
        more = [Contender(INTERPRETED, "ficus, bare, interpreted", "", "", interpreted._bare)] if self.compiled else []
        return [
            Contender(BARE, "ficus, bare", "", "", self._bare),
            *more,
            Contender(FULL, "ficus, everything on", "", "", self._full, "/full", signed),
            Contender(CACHED, "ficus, cached", no_cache, "", self._bare, "/cached"),
        ]

    def migrate(self) -> Process:
        return Process("migrate", [*MANAGE, "gateway", "migrate", "-v", "0"], self._environment())

    def lay(self, document: Mapping[str, Any]) -> Process:
        """Return the command that puts a table in force."""
        file = self.state / "table.yaml"
        file.write_text(json.dumps(document))  # YAML has JSON in it
        command = [*MANAGE, "gateway", "table", "apply", str(file), "--reason", "To be measured"]
        return Process("table", command, self._environment())

    def table(self, bodies: str, *, routes: int = 0) -> dict[str, Any]:
        """Return the document of a table with a route for each contender, and so many more."""
        instances = [{"address": f"http://{address}"} for address in (self.upstream.address, self.upstream.other)]
        large = {"service": "large", "access": "public", "body_limit": 1 << 30, "timeout_ms": 30_000}
        found = {
            "bodies": {"path": "/bodies", **large},
            "bare": {"path": "/bare", "service": "one", "access": "public"},
            "full": {"path": "/full", "service": "small", "access": "signed in", "policies": known(WANTED)},
        }
        if "cache" in KINDS:
            found["cached"] = {"path": "/cached", "service": "one", "access": "public", "policies": dict(CACHE)}
        found |= {name: {"path": path, "service": "one", "access": "public"} for name, path in several(routes)}
        return {
            "services": {
                "one": {"instances": instances[:1]},
                "small": {"instances": instances},
                "large": {"instances": [{"address": f"http://{bodies}"}]},
            },
            "routes": found,
        }

    def _bare(self, place: Place) -> Process:
        return self._gunicorn(place, LOG_LEVEL="WARNING", TRACE_SAMPLED_SHARE="0")

    def _full(self, place: Place) -> Process:
        traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.collector, "TRACE_SAMPLED_SHARE": str(SAMPLED_SHARE)}
        return self._gunicorn(place, LOG_LEVEL="INFO", **traces)

    def _gunicorn(self, place: Place, **more: str) -> Process:
        worker = ("--worker-class", "gateway.data.worker.GatewayWorker", "--bind", place.address)
        environment = {**self._environment(), **more, "WEB_WORKERS": str(place.workers)}
        made = place.pinned("ficus", *GUNICORN, *worker, "config.gateway.asgi", environment=environment)
        return replace(made, ready=answers(place.address, "/livez"))

    def _environment(self) -> dict[str, str]:
        """Return settings that owe nothing to whoever started the bench."""
        return {
            **{name: "" for name in os.environ if name.startswith(("OTEL_", "PROMETHEUS_"))},
            "FICUS_ENV": "development",
            "FICUS_ENV_FILE": os.devnull,
            "FICUS_STATE": str(self.state),
            "GATEWAY_DATABASE_URL": f"sqlite:///{self.state}/gateway.sqlite3",
            "DJANGO_SETTINGS_MODULE": "config.gateway.settings",
            "PYTHONPATH": str(ROOT),
            "PUBLIC_URL": ISSUER,
            **{f"{name.upper()}_URL": f"http://{self.upstream.address}" for name in NAMES},
            "REDIS_URL": self.redis_url,
            "LOG_JSON": "true",
            "GATEWAY_COMPILED": str(self.compiled or ""),
        }


def several(count: int) -> Iterable[tuple[str, str]]:
    """Return names and paths of so many routes: resources as they are called, a few levels deep."""
    return ((f"route-{number}", f"/api/v{number % 7}/resource-{number}") for number in range(count))


def known(policies: Mapping[str, Any]) -> dict[str, Any]:
    """Return those that this tree has."""
    return {kind: terms for kind, terms in policies.items() if kind in KINDS}


def remarks() -> list[str]:
    """Say which of the wanted policies there are not."""
    absent = [kind for kind in WANTED if kind not in KINDS]
    return [f"Everything is on but what this tree does not have: {', '.join(absent)}"] if absent else []
