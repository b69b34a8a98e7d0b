"""The figures of a run as a page of Markdown. Pure: from what ``results.as_json`` returns."""

from collections.abc import Mapping
from typing import Any

from bench.gateway.results import FLAT_WITHIN, LARGEST_GROWTH_MB
from bench.markdown import shown, table, where

COLUMNS = (
    "contender",
    "requests a second",
    "CPU-us a request",
    "times ficus, bare",
    "p50 / p99 ms at the rate",
    "p99 ms saturated",
    "MB",
    "failed",
)
# Of the load's core, above which it was the load that could do no more; and of the gateway's, below which it had time.
FULL_CORE, IDLE_CORE = 0.97, 0.95
LATE_MS = 1.0

COUNTED = """
## What is counted

- One core for the contender, another for those who ask it and for the upstream: 600 bytes of JSON by nginx. Who asks
  keeps his connections. Contenders take turns, each alone; every figure is the median of the rounds.
- Requests a second: wrk, one thread, 64 connections, each of which asks again once it is answered. CPU: user and system
  of all the contender's processes, from `/proc`, by requests answered. Memory: resident, of all its processes, shared
  pages counted in each. Latency: at a rate that is the same for all, 2,000 a second, from the moment when a request is
  due whatever became of those before it (open loop), so that no contender's slowness hides itself.
- The others forward and do nothing else: no log, no limit, no token. All keep connections to the upstream, enough for
  all who ask, but Go's ReverseProxy: it is as the standard library gives it, which keeps two that are idle, and then
  measured once more with a pool of buffers and as many connections kept as it likes. What was to be reached is told
  against both.
- ficus: its data path is compiled where there is a C compiler (`make compiled`), and then measured bare once more as it
  is without one, interpreted.
- ficus, bare: one public route, without a log line; it counts requests and their times all the same. Everything on: a
  token (from the cache of those verified), a scope, a rate limit by subject, a limit of requests under way, two
  instances to choose from with breakers, deadlines and retries, an access log of JSON lines to a file, and one trace in
  a hundred exported.
- Bodies: 50 MB each way past somebody who takes 40 MB a second; by how much the most resident memory at any moment
  exceeds that before. nginx keeps what it cannot pass on in files.
"""


def render(found: Mapping[str, Any]) -> str:
    """Return the page."""
    head = f"`{found['command']}`, {found['took_seconds']} s. {where(found['machine'])}"
    parts = [f"# The gateway, side by side\n\n{head}"]
    if found["machine"]["warning"]:
        parts.append(f"**{found['machine']['warning']}**")
    if found["plan"] != "full":
        parts.append("**A quick look, not evidence: short windows, one round.**")
    parts.append(f"## One worker on one core\n\n{comparison(found)}")
    if found["targets"]:
        parts.append(f"## What was to be reached\n\n{reached(found['targets'])}")
    for title, swept in found["sweeps"].items():
        parts.append(f"## By {title}\n\n{steps(swept['steps'])}")
    parts.append(f"## Memory while bodies pass\n\n{bodies(found['details'])}")
    remarks = [*found["remarks"], *limits_of_the_load(found), *troubles(found)]
    if remarks:
        parts.append("## To be said\n\n" + "\n".join(f"- {remark}" for remark in remarks))
    return "\n\n".join(parts) + "\n" + COUNTED


def comparison(found: Mapping[str, Any]) -> str:
    """Return one row for each contender that was measured."""
    ours = found["contenders"].get("ficus_bare", {}).get("rps")
    rows = []
    for name, headline in found["contenders"].items():
        detail = found["details"][name]
        saturated, typical = detail["saturated"], detail["at_rate"]
        rows.append(
            (
                detail["title"],
                shown(headline["rps"], 0),
                shown(headline["cpu_us_per_request"], 1),
                f"{headline['rps'] / ours:.2f}" if headline["rps"] and ours else "-",
                f"{shown(headline['p50_ms'], 2)} / {shown(headline['p99_ms'], 2)}",
                shown(saturated["p99_ms"], 1),
                shown(headline["rss_mb"], 0),
                f"{saturated['failed'] + typical['failed']} of {saturated['requests'] + typical['requests']}",
            )
        )
    return table(COLUMNS, rows)


def reached(targets: list[dict[str, Any]]) -> str:
    """Say of each target by how much it was reached or missed."""
    rows = [
        (
            f"{each['of']} to {each['to']}",
            shown(each["wanted"], 1),
            shown(each["rps"], 2),
            shown(each["cpu"], 2),
            "yes" if each["rps"] and each["rps"] >= each["wanted"] else "NO",
        )
        for each in targets
    ]
    return table(("requests a second of one by the other's", "at least", "measured", "by CPU alone", "reached"), rows)


def steps(found: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{int(count):,}".replace(",", " "),
            shown(step["rps"], 0),
            shown(step["cpu_us_per_request"], 1),
            shown(step["p99_ms"], 1),
            shown(step["rss_mb"], 0),
        )
        for count, step in found.items()
    ]
    return f"{table(('', 'requests a second', 'CPU-us a request', 'p99 ms', 'MB'), rows)}\n\n{flatness(found)}"


def flatness(found: Mapping[str, Any]) -> str:
    """Say by how much the cost of the last step differs from that of the first, and whether that is flat."""
    known = [step["cpu_us_per_request"] for step in found.values() if step["cpu_us_per_request"]]
    if len(known) < 2:
        return "One step alone."
    change = known[-1] / known[0] - 1
    verdict = "flat" if abs(change) <= FLAT_WITHIN else "NOT FLAT"
    return f"From the first to the last: CPU {change:+.0%}, {verdict} (within {FLAT_WITHIN:.0%})."


def bodies(details: Mapping[str, Any]) -> str:
    grown = {detail["title"]: detail["bodies_grew_mb"] for detail in details.values()}
    rows = [
        (title, shown(each["up"], 1), shown(each["down"], 1), verdict_on(each))
        for title, each in grown.items()
        if each["up"] is not None
    ]
    return table(("contender", "MB more, up", "MB more, down", f"under {LARGEST_GROWTH_MB:.0f}"), rows)


def verdict_on(grown: Mapping[str, float]) -> str:
    return "yes" if max(grown["up"], grown["down"]) < LARGEST_GROWTH_MB else "NO"


def limits_of_the_load(found: Mapping[str, Any]) -> list[str]:
    """Say where it was not the contender that could do no more, and where requests were sent too late."""
    said = []
    for detail in found["details"].values():
        saturated, typical = detail["saturated"], detail["at_rate"]
        if (saturated["load_busy"] or 0) > FULL_CORE and (saturated["gateway_busy"] or 1) < IDLE_CORE:
            said.append(
                f"{detail['title']}: THE LOAD COULD DO NO MORE, and its core had"
                f" {1 - saturated['gateway_busy']:.0%} to spare: it can answer more requests than the table says,"
                " and its CPU a request is what counts"
            )
        if (typical["late_ms"] or 0) > LATE_MS:
            said.append(
                f"{detail['title']}: a hundredth of the requests was sent {typical['late_ms']:.1f} ms too late or more"
            )
    ceiling = found["ceiling"]["rps"]
    return [f"The upstream alone, asked by the same load on its core: {shown(ceiling, 0)} a second", *said]


def troubles(found: Mapping[str, Any]) -> list[str]:
    told = [f"{each['title']}: {trouble}" for each in found["details"].values() for trouble in each["trouble"]]
    return told + [f"{title}: {trouble}" for title, each in found["sweeps"].items() for trouble in each["trouble"]]
