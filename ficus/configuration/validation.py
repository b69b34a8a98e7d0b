"""What is wrong with values that are to be set, or that somebody else has set."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from ficus.configuration.groups import find, groups

LARGEST = 500  # values; with many more a document outgrows its store


class InvalidConfiguration(ValueError):
    """:ivar mistakes: each in a few words, with the name where it is."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(mistakes))


def check(values: Mapping[str, Any]) -> None:
    """:raises InvalidConfiguration: with all that is wrong with values that somebody wants to set."""
    mistakes = [*_unknown(values), *_wrong(values)]
    if len(values) > LARGEST:
        mistakes.append(f"{len(values)} values are too many; there may be {LARGEST}")
    if mistakes:
        raise InvalidConfiguration(mistakes)


def check_told(values: Mapping[str, Any]) -> None:
    """
    Likewise for values that this process is told; names that it does not know are no mistake.

    A newer process may know them: while a release is rolled out, old and new are told the same.
    """
    if mistakes := list(_wrong(values)):
        raise InvalidConfiguration(mistakes)


def _wrong(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        setting = find(name)
        if setting and (mistake := setting.mistake(value)):
            yield mistake


def _unknown(values: Mapping[str, Any]) -> Iterator[str]:
    for name in values:
        if any(group.find(name) and not group.suspects(name) for group in groups()):
            continue
        close = get_close_matches(name, [setting.name for group in groups() for setting in group.listed()], n=1)
        yield f"{name} is unknown" + (f"; perhaps {close[0]} is meant" if close else "")
