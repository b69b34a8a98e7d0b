"""``docs/behaviours.md``: which engine keeps which behaviour, as measured; written, and read again by the test."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.gateway.behaviour.areas import AREAS
from tests.gateway.behaviour.case import Area

FILE = Path(__file__).resolve().parents[3] / "docs" / "behaviours.md"
RENDERED = ("nginx", "envoy")
TITLES = {"ficus": "Ficus", "nginx": "nginx", "envoy": "Envoy"}
INTRODUCTION = """\
# What other engines keep

`./manage.py gateway table render nginx|envoy|gateway-api` writes the route table in the words of another engine. What
a route states and the engine cannot keep is named in the output, route by route, and on standard error; with
`--strict` the exit code is 1 then. This page says what the engines do otherwise whatever a table says. It is made by
`make behaviours`: each case is a request, what of it has to reach which service, and what has to be answered; it is
put to the gateway, which has to keep every one, and to nginx {nginx} and Envoy {envoy} with what `render` made of the
same table. `tests/gateway/behaviour/` has the cases, and a test fails if an engine no longer does what this page
says.

Envoy keeps a body back that does not say its length, up to the route's `body_limit`, since it could not be measured
otherwise; nginx takes patterns by PCRE, whose time is not bounded by the length of a path. Neither makes spans, and
limits, breakers, caches and comparisons are the gateway's own: a route that asks for one is named by `render`.
Manifests for the Gateway API are not run here: they are checked for their form.
"""
Outcomes = Mapping[str, Mapping[tuple[str, str], str]]


def written(outcomes: Outcomes, versions: Mapping[str, str]) -> str:
    """
    Return the page.

    :param outcomes: by engine, and by area and case: what is other than it should be, or empty.
    """
    parts = [INTRODUCTION.format(**versions), _summary(outcomes), *(_area(area, outcomes) for area in AREAS)]
    return "\n".join(parts)


def read(text: str) -> dict[str, dict[tuple[str, str], str]]:
    """Return the outcomes that a page states for the rendered engines."""
    found: dict[str, dict[tuple[str, str], str]] = {engine: {} for engine in RENDERED}
    area = ""
    for line in text.splitlines():
        if line.startswith("## "):
            area = line.removeprefix("## ")
        elif area and (row := re.fullmatch(r"\| (.+) \| (.+) \| (.+) \|", line)) and row[1] not in ("behaviour", "---"):
            for engine, cell in zip(RENDERED, row.groups()[1:], strict=True):
                found[engine][area, _plain(row[1])] = "" if cell == "kept" else _plain(cell)
    return found


def _summary(outcomes: Outcomes) -> str:
    lines = ["| area | behaviours | Ficus | nginx | Envoy |", "| --- | --- | --- | --- | --- |"]
    for area in AREAS:
        kept = [_kept(outcomes, engine, area) for engine in TITLES]
        lines.append(f"| {area.name}: {area.about} | {len(area.cases)} | {' | '.join(map(str, kept))} |")
    every = sum(len(area.cases) for area in AREAS)
    whole = [sum(_kept(outcomes, engine, area) for area in AREAS) for engine in TITLES]
    lines.append(f"| **all** | **{every}** | {' | '.join(f'**{number}**' for number in whole)} |")
    return "\n".join(lines) + "\n"


def _kept(outcomes: Outcomes, engine: str, area: Area) -> int:
    return sum(not outcomes[engine][area.name, case.name] for case in area.cases)


def _area(area: Area, outcomes: Outcomes) -> str:
    lines = [f"## {area.name}", "", "| behaviour | nginx | Envoy |", "| --- | --- | --- |"]
    for case in area.cases:
        cells = (_cell(outcomes[engine][area.name, case.name]) for engine in RENDERED)
        lines.append(f"| {_escaped(case.name)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(difference: str) -> str:
    return _escaped(difference) or "kept"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def _plain(text: str) -> str:
    return re.sub(r"\\([|*_])", r"\1", text)


def differences(stated: Mapping[tuple[str, str], str], found: Mapping[tuple[str, str], str]) -> Iterable[str]:
    """Yield where what was found is other than the page states."""
    for place, outcome in found.items():
        if place not in stated:
            yield f"{': '.join(place)} is not in the page"
        elif stated[place] != outcome:
            yield f"{': '.join(place)}: {outcome or 'kept'}, and not: {stated[place] or 'kept'}"
    yield from (f"{': '.join(place)} is in the page and is no case" for place in stated if place not in found)
