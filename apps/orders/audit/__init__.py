"""
Verifies what is always true of orders, without changing anything.

``rows`` compares each order with its lines and its events; ``across`` compares each order with what users holds for
it. Both read while the system runs: what looks wrong is looked at again before it is reported.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should never be true of an order."""

    order_id: UUID
    problem: str

    def __str__(self) -> str:
        return f"order {self.order_id}: {self.problem}"
