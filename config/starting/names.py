"""How a new service and what it keeps are called, and which names would be in the way of something."""

import importlib
import importlib.util
import keyword
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import get_resolver

from config.addresses import PORTS, ROOT
from config.services import NAMES
from ficus.events import schema

LONGEST = 23  # with what is added to it, a name in a database has at most 30 characters
WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# What the front door answers itself, and what would be read as another part's setting.
TAKEN = {"admin", "docs", "favicon", "login", "logout", "me", "openapi", "static"}
SUFFIXES = ("_rpc", "_pb2")


class BadName(Exception):
    """The name cannot be a service's; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Names:
    """
    :ivar name: the service's, in the plural as its paths are: ``gift_cards``.
    :ivar thing: one of what it keeps: ``gift_card``.
    """

    name: str
    thing: str

    @classmethod
    def of(cls, name: str, thing: str = "") -> "Names":
        """
        :param thing: unless given, the name without its plural ending, or an entry of that name.
        :raises BadName: if either is none, or is in the way of something.
        """
        made = cls(name, thing or singular(name))
        for word in (made.name, made.thing):
            _refuse_what_is_no_name(word)
        _refuse_what_is_taken(made)
        return made

    def context(self) -> dict[str, Any]:
        """Return what the templates are told of the names."""
        return {
            "name": self.name,
            "Name": camel(self.name),
            "NAME": self.name.upper(),
            "host": host(self.name),
            "words": self.name.replace("_", " "),
            "thing": self.thing,
            "Thing": camel(self.thing),
            "thing_words": self.thing.replace("_", " "),
            "thing_label": camel(self.thing).lower(),
            "index": f"{self.name}_newest",
        }


def singular(name: str) -> str:
    """Return what one is called; a name that is no plural gets entries."""
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else f"{name}_entry"


def host(name: str) -> str:
    """Return what its processes are called in a network, where there are no underscores."""
    return name.replace("_", "-")


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _refuse_what_is_no_name(word: str) -> None:
    if not WORD.fullmatch(word) or keyword.iskeyword(word) or keyword.issoftkeyword(word):
        raise BadName(f"{word!r} is no name: lower-case letters, digits and single underscores, such as gift_cards")
    if len(word) > LONGEST:
        raise BadName(f"{word!r} has more than {LONGEST} characters")


def _refuse_what_is_taken(names: Names) -> None:
    name, thing = names.name, names.thing
    if name in NAMES:
        raise BadName(f"there is a service {name} already")
    if name == thing:
        raise BadName(f"one of {name} must be called something else than all of them")
    if name.upper() in PORTS or name.endswith(SUFFIXES) or name in TAKEN or (ROOT / "tests" / name).exists():
        raise BadName(f"{name} is the name of a part of the system")
    if name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None:
        raise BadName(f"{name} is the name of a Python package")
    if name in {config.label for config in apps.get_app_configs()} or (ROOT / "gateway" / name).exists():
        raise BadName(f"{name} is the name of a Django app")
    if name in set(_first_words(get_resolver().url_patterns)):
        raise BadName(f"paths that begin with /{name} are another service's")
    for service in NAMES:
        importlib.import_module(f"contracts.{service}.events")
    if thing in {event.AGGREGATE for event in schema.declared().values()}:
        raise BadName(f"another service has events about a {thing}; name another with --thing")


def _first_words(patterns: Iterable[Any], before: str = "") -> Iterator[str]:
    """Yield the first word of each path that is answered."""
    for each in patterns:
        path = before + str(each.pattern).lstrip("^")
        below = getattr(each, "url_patterns", None)
        yield from [re.split(r"\W", path)[0]] if below is None else _first_words(below, path)
