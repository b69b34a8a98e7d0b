"""
The servicers of this process, as settings name them.

A servicer is a generated servicer class with two more attributes: ``service_name``, the full name from the proto, and
``add_to_server``, the generated function that adds it to a server.
"""

from functools import lru_cache
from typing import Any

from django.utils.module_loading import import_string

from ficus.rpc import options


def servicers() -> list[Any]:
    """Return one instance of each class in ``settings.RPC["SERVICERS"]``."""
    return [import_string(name)() for name in options.servicers()]


class Handlers:
    """Takes what ``add_to_server`` adds, in the place of a server, to be called without one."""

    def __init__(self) -> None:
        self.by_path: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Take nothing: the same handlers come registered by method, below."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self.by_path |= {f"/{service}/{method}": handler for method, handler in handlers.items()}


@lru_cache(maxsize=8)
def _handlers(names: tuple[str, ...]) -> dict[str, Any]:
    found = Handlers()
    for name in names:
        servicer = import_string(name)()
        servicer.add_to_server(servicer, found)
    return found.by_path


def handler_of(path: str) -> Any:
    """
    Return the handler of an RPC that this process serves.

    :raises LookupError: if no servicer in settings has it.
    """
    try:
        return _handlers(tuple(options.servicers()))[path]
    except KeyError:
        raise LookupError(f"no servicer of this process answers {path}") from None
