"""What a route asks of a request beyond its path and method: a header field or a query parameter."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from gateway.data.routing.patterns import compiled

if TYPE_CHECKING:
    from gateway.data.message.request import Request


class Source(StrEnum):
    HEADER = "header"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Condition:
    """
    :ivar name: of the field, in lower case, or of the parameter.
    :ivar wanted: ``*`` any value; ``!`` that there is none; ``~`` and a pattern that a whole value matches; anything
        else is the value itself.
    """

    source: Source
    name: str
    wanted: str

    def holds(self, request: "Request") -> bool:
        values = self._values(request)
        if self.wanted == "!":
            return not values
        if self.wanted == "*":
            return bool(values)
        if self.wanted.startswith("~"):
            pattern = compiled(self.wanted[1:])
            return any(pattern.fullmatch(value) for value in values)
        return self.wanted.encode() in values

    def __str__(self) -> str:
        what = f"{self.source.value} {self.name}"
        if self.wanted == "!":
            return f"no {what}"
        if self.wanted == "*":
            return f"{what} present"
        return f"{what} matches {self.wanted[1:]}" if self.wanted.startswith("~") else f"{what} is {self.wanted!r}"

    def _values(self, request: "Request") -> list[bytes]:
        """Return what the request says: of headers only what the gateway has not taken away."""
        if self.source is Source.QUERY:
            given = parse_qs(request.query[1:], keep_blank_values=True)
            return given.get(self.name.encode(), [])
        name = self.name.encode()
        if name in request.fields:
            return [request.fields[name]]
        return [value for found, value in request.kept if found == name]
