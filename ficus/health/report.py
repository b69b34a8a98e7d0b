"""Runs checks side by side and writes what they found (draft-inadarei-api-health-check-06)."""

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from health_check.base import HealthCheck, HealthCheckResult

from ficus import service

PASS, WARN, FAIL = "pass", "warn", "fail"

# It writes a traceback for each probe that fails; the report says the same in one line.
logging.getLogger("health_check").setLevel(logging.CRITICAL)


def report(critical: Mapping[str, HealthCheck], advisory: Mapping[str, HealthCheck]) -> dict[str, Any]:
    """Return the health document; its status is the worst of the critical checks', or a warning."""
    results = asyncio.run(_results({**critical, **advisory}))
    checks = {name: [_entry(result, worst=FAIL if name in critical else WARN)] for name, result in results.items()}
    found = {entry["status"] for entries in checks.values() for entry in entries}
    status = next((each for each in (FAIL, WARN) if each in found), PASS)
    return {**document(status), "checks": checks}


def document(status: str) -> dict[str, Any]:
    return {
        "status": status,
        "version": service.version(),
        "serviceId": f"{service.name()}@{socket.gethostname()}:{os.getpid()}",
        "time": _now(),
    }


async def _results(checks: Mapping[str, HealthCheck]) -> dict[str, HealthCheckResult]:
    pool = ThreadPoolExecutor(max_workers=len(checks), thread_name_prefix="health")
    try:
        found = await asyncio.gather(*(check.get_result(pool) for check in checks.values()))
    finally:
        pool.shutdown(wait=False)
    return dict(zip(checks, found, strict=True))


def _entry(result: HealthCheckResult, *, worst: str) -> dict[str, Any]:
    entry = {
        "status": worst if result.error else PASS,
        "time": _now(),
        "observedValue": round(result.time_taken * 1000, 1),
        "observedUnit": "ms",
    }
    return {**entry, "output": str(result.error)} if result.error else entry


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
