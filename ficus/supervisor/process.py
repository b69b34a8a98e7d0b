"""What to run and how to tell that it is ready. Starting and ending it is :mod:`ficus.supervisor.child`'s."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ficus.supervisor.probes import Probe


@dataclass(frozen=True, slots=True)
class Process:
    """
    One command under a name.

    :ivar environment: added to the supervisor's own environment.
    :ivar ready: asked until it says yes; ``None`` for a process that announces itself
        (:func:`ficus.supervisor.readiness.announce`).
    :ivar listens: the ``host:port`` addresses that it needs for itself.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Probe | None = None
    listens: Sequence[str] = ()
