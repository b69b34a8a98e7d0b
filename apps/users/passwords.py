"""How passwords are hashed, and how many at once. No account is looked up here."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

from apps.users.exceptions import TooBusyToHash
from ficus import deadline

HASHES_AT_ONCE = 2
WAIT_SECONDS = 5.0

_places = threading.BoundedSemaphore(HASHES_AT_ONCE)


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """
    Argon2id with Django's cost (100 MiB), at most two at a time in a process, so that a flood of sign-ins takes
    neither all memory nor every core.
    """

    def encode(self, password: str, salt: str) -> str:
        with _place():
            encoded: str = super().encode(password, salt)
            return encoded

    def verify(self, password: str, encoded: str) -> bool:
        with _place():
            verified: bool = super().verify(password, encoded)
            return verified


@contextmanager
def _place() -> Iterator[Any]:
    """:raises TooBusyToHash: when no place is free within five seconds, or as long as the answer is wanted."""
    left = deadline.remaining()
    if not _places.acquire(timeout=WAIT_SECONDS if left is None else max(0.0, min(WAIT_SECONDS, left))):
        raise TooBusyToHash
    try:
        yield
    finally:
        _places.release()
