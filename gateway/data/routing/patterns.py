"""Regular expressions of routes, in RE2's syntax: matched in time linear in the input, whatever an operator writes."""

import re
from functools import lru_cache
from typing import Any

import re2

LONGEST = 500  # characters
MEMORY_BYTES = 1 << 20  # of one compiled pattern; RE2 refuses what needs more, such as nested counted repetition

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = MEMORY_BYTES


class BadPattern(ValueError):
    """The text is no regular expression that can be used here."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """
    Return the pattern for bytes.

    :raises BadPattern: if it is none, is too long, or looks around or back, which cannot be done in linear time.
    """
    if len(pattern) > LONGEST:
        raise BadPattern(f"a pattern has at most {LONGEST} characters")
    try:
        return re2.compile(pattern.encode(), _OPTIONS)
    except re2.error as error:
        reason = error.args[0]
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise BadPattern(f"the pattern {pattern} cannot be used: {words}") from None


def substituted(pattern: str, template: str, text: bytes) -> bytes:
    """
    Return ``text`` with the first match of ``pattern`` replaced.

    :param template: with ``\\1`` for a group and ``\\0`` for the whole match.
    :raises BadPattern: if either cannot be used.
    """
    try:
        result: bytes = compiled(pattern).sub(_named(template), text, count=1)
    except (re2.error, IndexError, ValueError) as error:
        raise BadPattern(f"{template} cannot take the place of {pattern}: {error}") from None
    return result


@lru_cache(maxsize=4096)
def _named(template: str) -> bytes:
    """Return the template with groups of one digit each: Python's own has ``\\0`` for NUL, and groups beyond 9."""
    return re.sub(r"\\(\d)", r"\\g<\1>", template).encode()


class PatternSet:
    """
    Several patterns tried at once: the time taken hardly depends on how many they are.

    One more that matches everything tells "none" from "not enough memory", which RE2 reports alike.
    """

    __slots__ = ("_count", "_set")

    def __init__(self, patterns: list[str]) -> None:
        self._set = re2.Set.FullMatchSet(_OPTIONS_OF_SETS)
        self._count = len(patterns)
        for pattern in (*patterns, "(?s).*"):
            self._set.Add(pattern.encode())
        self._set.Compile()

    def matching(self, text: bytes) -> list[int]:
        """Return the places of those that may match ``text`` as a whole, in the order of the list."""
        found = self._set.Match(text)
        if not found:
            return list(range(self._count))
        return sorted(place for place in found if place < self._count)


_OPTIONS_OF_SETS = re2.Options()
_OPTIONS_OF_SETS.log_errors = False
_OPTIONS_OF_SETS.max_mem = 64 * MEMORY_BYTES
