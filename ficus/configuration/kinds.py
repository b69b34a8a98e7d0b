"""What a value may be, and how it is read from a word that a person typed."""

import json
from dataclasses import dataclass
from typing import Any, Protocol


class Kind(Protocol):
    """Its text form completes "must be"."""

    def read(self, text: str) -> Any:
        """Return the value that a typed word means; if it means none of this kind, something that is not allowed."""

    def allows(self, value: Any) -> bool:
        """Say whether ``value``, as it came out of JSON, is of this kind."""


@dataclass(frozen=True)
class Number:
    """A number from ``least`` to ``most``, both included."""

    least: float
    most: float
    whole: bool = False

    def read(self, text: str) -> Any:
        return read(text)

    def allows(self, value: Any) -> bool:
        is_number = isinstance(value, int if self.whole else (int, float)) and not isinstance(value, bool)
        return is_number and self.least <= value <= self.most

    def __str__(self) -> str:
        least, most = (int(end) if float(end).is_integer() else end for end in (self.least, self.most))
        return f"{'a whole' if self.whole else 'a'} number from {least} to {most}"


@dataclass(frozen=True)
class Choice:
    among: tuple[str, ...]

    def read(self, text: str) -> Any:
        return next((each for each in self.among if each.lower() == text.lower()), text)

    def allows(self, value: Any) -> bool:
        return value in self.among

    def __str__(self) -> str:
        return f"{', '.join(self.among[:-1])} or {self.among[-1]}"


@dataclass(frozen=True)
class Switch:
    def read(self, text: str) -> Any:
        return read(text)

    def allows(self, value: Any) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "true or false"


def read(text: str) -> Any:
    """Return the value that a typed word means: JSON where it is some, else the word itself."""
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:
        return text


def written(value: Any) -> str:
    """Return the word for a value, which ``read`` takes."""
    return value if isinstance(value, str) else json.dumps(value)
