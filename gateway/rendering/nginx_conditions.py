"""Conditions on header fields and query parameters, as variables that are 1 where they hold."""

import re
from collections.abc import Iterable

from gateway.data.routing.conditions import Condition, Source
from gateway.data.routing.route import Route
from gateway.rendering.expressions import escaped_or_not, parameter
from gateway.rendering.nginx_common import quoted
from gateway.rendering.plan import Loss


class Conditions:
    """All that a table has, each with a variable of its own."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        every = dict.fromkeys(each for route in self._routes for each in route.conditions)
        self._numbers = {condition: number for number, condition in enumerate(every, 1)}

    def variable(self, condition: Condition) -> str:
        return f"$ficus_condition_{self._numbers[condition]}"

    def maps(self) -> Iterable[str]:
        for condition in self._numbers:
            source = "$args" if condition.source is Source.QUERY else f"$http_{condition.name.replace('-', '_')}"
            lines = _query(condition) if condition.source is Source.QUERY else _header(condition)
            body = "".join(f"    {line}\n" for line in lines)
            yield f"# {_shown(condition)}\nmap {source} {self.variable(condition)} {{\n{body}}}\n"

    def losses(self) -> Iterable[Loss]:
        for route in self._routes:
            for condition in route.conditions:
                if condition.source is Source.QUERY and condition.wanted.startswith("~"):
                    yield Loss(route.name, f"{condition}: the value is looked at before its escapes are resolved")


def _header(condition: Condition) -> list[str]:
    wanted = condition.wanted
    if wanted in ("*", "!"):
        return [f"default {int(wanted == '*')};", f'"" {int(wanted == "!")};']
    pattern = wanted[1:] if wanted.startswith("~") else re.escape(wanted)
    return ["default 0;", f"{quoted(f'~^(?:{pattern})$')} 1;"]


def _query(condition: Condition) -> list[str]:
    name, wanted = parameter(condition.name), condition.wanted
    if wanted in ("*", "!"):
        return [f"default {int(wanted == '!')};", f"{quoted(f'~{name}(?:=|&|$)')} {int(wanted == '*')};"]
    value = f"(?:{wanted[1:]})" if wanted.startswith("~") else escaped_or_not(wanted)
    equals = "=?" if not wanted else "="
    return ["default 0;", f"{quoted(f'~{name}{equals}{value}(?:&|$)')} 1;"]


def _shown(condition: Condition) -> str:
    return "".join(each if each.isprintable() else "?" for each in str(condition))
