"""Who is seeded: the same people for the same seed, in every run and on every machine. No database here."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from faker import Faker

FIRST_JOINED = datetime(2026, 1, 1, 8, tzinfo=UTC)
JOINED_WITHIN = timedelta(days=300)


@dataclass(frozen=True, slots=True)
class PlannedCustomer:
    id: UUID
    username: str
    email: str
    first_name: str
    last_name: str
    joined_at: datetime


def plan_customers(*, customers: int, seed: int) -> Iterator[PlannedCustomer]:
    """Yield so many customers; a longer plan begins with the shorter one."""
    chance = random.Random(seed)  # noqa: S311 - repeatable is what it must be
    names = Faker("en_US")
    names.seed_instance(seed)
    for number in range(1, customers + 1):
        joined_at = FIRST_JOINED + timedelta(milliseconds=chance.randrange(JOINED_WITHIN // timedelta(milliseconds=1)))
        first_name, last_name = names.first_name(), names.last_name()
        # With the number, and the seed where it is not the usual one, no two are the same.
        suffix = f"{number}" if seed == 1 else f"{seed}.{number}"
        username = f"{first_name}.{last_name}.{suffix}".lower().replace(" ", "").replace("'", "")
        yield PlannedCustomer(
            id=_uuid7(joined_at, chance),
            username=username,
            email=f"{username}@example.com",
            first_name=first_name,
            last_name=last_name,
            joined_at=joined_at,
        )


def _uuid7(at: datetime, chance: random.Random) -> UUID:
    """Return the UUIDv7 (RFC 9562 section 5.7) of an instant, with the plan's own randomness."""
    milliseconds = round(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62))
