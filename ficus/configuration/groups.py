"""What may be set centrally in this deployable, in groups. What is in force at present is in ``live``."""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule

from ficus import service
from ficus.configuration.kinds import Number, Switch
from ficus.configuration.settings import Setting
from ficus.resilience import policies
from ficus.resilience.terms import Policy

MODULE = "live_settings"
EVERY_TARGET = "default"


class Group(Protocol):
    """:ivar title: what its settings are about, for a page."""

    title: str

    def listed(self) -> Iterator[Setting]:
        """Yield those that can be listed, in order."""

    def find(self, name: str) -> Setting | None:
        """Return the setting of that name, None if it cannot be one of these."""

    def suspects(self, name: str) -> bool:
        """Say whether a name that ``find`` knows is most likely a slip of the pen."""


class Fixed:
    """Settings that are told one by one."""

    def __init__(self, title: str, listed: tuple[Setting, ...]) -> None:
        self.title = title
        self._known = {setting.name: setting for setting in listed}

    def listed(self) -> Iterator[Setting]:
        yield from self._known.values()

    def find(self, name: str) -> Setting | None:
        return self._known.get(name)

    def suspects(self, name: str) -> bool:
        return False


class Calls:
    """
    How others are called: ``resilience.<target>.<part>.<value>``, with the parts and values of ``resilience.terms``.

    A target is an upstream's name, an origin such as ``https://rates.example.com``, or ``default`` for all of them.
    """

    title = "How others are called"
    PREFIX = "resilience."

    def listed(self) -> Iterator[Setting]:
        for target in (*upstreams(), EVERY_TARGET):
            for part, values in policies.parts().items():
                for value in values:
                    yield self._setting(target, part, value)

    def find(self, name: str) -> Setting | None:
        target, part, value = [*name.removeprefix(self.PREFIX).rsplit(".", 2), "", ""][:3]
        is_one = name.startswith(self.PREFIX) and value in policies.parts().get(part, {})
        if not is_one or not (target in (*upstreams(), EVERY_TARGET) or is_origin(target)):
            return None
        return self._setting(target, part, value)

    def suspects(self, name: str) -> bool:
        return False

    def _setting(self, target: str, part: str, value: str) -> Setting:
        kind, span = policies.parts()[part][value]
        name = f"{self.PREFIX}{target}.{part}.{value}"
        otherwise = _rpc_policy() if target in upstreams() else Policy()
        stated = policies.read(settings.RESILIENCE).stated_of(target).get(part, {}).get(value)
        number = Number(span.least, span.most, whole=kind is int)
        variable = "RESILIENCE" if stated is not None else ""
        return Setting(name, number, getattr(getattr(otherwise, part), value), "", variable, stated)


class Switches:
    """Calls that can be switched off: ``killed.<call>``, named as in ``resilience.switches``."""

    title = "Calls that are switched off"
    PREFIX = "killed."

    def listed(self) -> Iterator[Setting]:
        for upstream in upstreams():
            yield self._setting(upstream)
            for method in methods_of(upstream):
                yield self._setting(f"{upstream}/{method}")

    def find(self, name: str) -> Setting | None:
        if not name.startswith(self.PREFIX):
            return None
        call = name.removeprefix(self.PREFIX)
        if "://" in call:
            return self._setting(call) if is_origin(_origin_of(call)) else None
        return self._setting(call) if call.partition("/")[0] in upstreams() else None

    def suspects(self, name: str) -> bool:
        return "://" not in name and all(name != setting.name for setting in self.listed())

    def _setting(self, call: str) -> Setting:
        return Setting(f"{self.PREFIX}{call}", Switch(), False, "")


@cache
def groups() -> tuple[Group, ...]:
    """Return the groups of this deployable: what its apps say, and how it calls others if it does."""
    found: list[Group] = []
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, MODULE):
            said = import_module(f"{config.name}.{MODULE}").SETTINGS
            found.append(Fixed(str(config.verbose_name), tuple(said)))
    if settings.CONFIGURATION["CALLS"]:
        found += [Switches(), Calls()]
    return tuple(found)


def find(name: str) -> Setting | None:
    """Return the setting of that name, None if there is none here."""
    return next((setting for group in groups() if (setting := group.find(name))), None)


def upstreams() -> list[str]:
    """Return the names of those whom this deployable calls by gRPC."""
    return [name for name in settings.RPC["UPSTREAMS"] if name != service.name()]


def methods_of(upstream: str) -> list[str]:
    """
    Return the methods that a stub which this process has loaded calls there.

    A service whose full name has another upstream's name in it is not asked of this one.
    """
    others = set(settings.RPC["UPSTREAMS"]) - {upstream}
    found: set[str] = set()
    for name, module in list(sys.modules.items()):
        if name.endswith("_pb2") and not name.startswith(("google.", "grpc")):
            for each in module.DESCRIPTOR.services_by_name.values():
                if others.isdisjoint(each.full_name.split(".")):
                    found |= set(each.methods_by_name)
    return sorted(found)


def is_origin(text: str) -> bool:
    """Say whether it is a scheme and a host, perhaps with a port, in the form by which guards are known."""
    try:
        return urlsplit(text).scheme in policies.PORTS and policies.origin(text) == text and text[-1] != "/"
    except ValueError:
        return False


def _origin_of(call: str) -> str:
    scheme, _, rest = call.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


@cache
def _rpc_policy() -> Policy:
    from ficus.rpc.client import DEFAULT  # which loads gRPC

    return DEFAULT


def of_prefix(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values whose names begin so, without that."""
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
