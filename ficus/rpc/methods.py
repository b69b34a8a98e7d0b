"""One RPC as the generated stubs describe it: its path, its messages, and how they are written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Method:
    """
    :ivar path: ``/package.Service/Method``.
    :ivar streams: whether the answer is a stream of messages.
    """

    path: str
    streams: bool
    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]
