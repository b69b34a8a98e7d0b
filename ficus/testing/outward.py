"""
Refuses to ask anybody over HTTP while a transaction is open, for tests. gRPC refuses it always: ``ficus.rpc.client``.

It holds for whatever speaks through the standard library, as requests, urllib3 and boto do, and for httpx.
"""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from http.client import HTTPConnection
from importlib import import_module
from typing import Any

from ficus import transactions
from ficus.transactions import RemoteCallInTransaction


@contextmanager
def refused_in_transactions(caught: Callable[[RemoteCallInTransaction], object]) -> Iterator[None]:
    """Have every such request in the block fail before anything is sent, and ``caught`` told of it."""
    with ExitStack() as exits:
        exits.callback(_guard(HTTPConnection, "putrequest", caught))
        if importlib.util.find_spec("httpx"):
            exits.callback(_guard(import_module("httpx").HTTPTransport, "handle_request", caught))
        yield


def _guard(owner: type, name: str, caught: Callable[[RemoteCallInTransaction], object]) -> Callable[[], None]:
    before = owner.__dict__[name]

    @wraps(before)
    def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        if transactions.is_open():
            refusal = RemoteCallInTransaction("ask before the transaction begins, or after it has been committed")
            caught(refusal)
            raise refusal
        return before(self, *arguments, **named)

    setattr(owner, name, guarded)
    return lambda: setattr(owner, name, before)
