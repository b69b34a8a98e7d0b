"""What a registry says of one process of a service."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Instance:
    """
    Where one process of a service listens. A service has at most one at an address.

    :ivar scheme: ``http`` or ``https``.
    :ivar version: of the code that it runs; empty where the registry keeps none, as DNS does.
    :ivar since: when it began; None where the registry keeps none.
    """

    service: str
    host: str
    port: int
    scheme: str = "http"
    version: str = ""
    since: datetime | None = None

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"


def in_order(instances: "list[Instance]") -> tuple[Instance, ...]:
    """Return the instances in the one order by which two lists of the same are equal."""
    return tuple(sorted(instances, key=lambda each: (each.host, each.port)))
