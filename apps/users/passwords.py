"""
How passwords are hashed, how many at once, and how many may wait for that. No account is looked up here.

A hash takes a quarter of a second of a core and 100 MiB, by design. So no more than half of the cores are ever at it,
and whoever comes when enough are waiting is sent away at once, rather than take up a thread that could answer others.
"""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from apps.users.exceptions import TooBusyToHash
from ficus import deadline

HASHES_AT_ONCE = max(1, min(2, (os.cpu_count() or 1) // 2))
WAITING_AT_MOST = 6
WAIT_SECONDS = 5.0
COME_BACK_SECONDS = (1, 8)  # within these, each after another time, so that a crowd does not come back as one


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """
    Argon2id with Django's cost (100 MiB, two passes) in one thread each, so that a flood of sign-ins takes neither all
    memory nor every core, nor every thread of the server.

    With Django's eight threads a single hash would take every core there is, however few are made at once.
    """

    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _places.one():
            encoded: str = super().encode(password, salt)
            return encoded

    def verify(self, password: str, encoded: str) -> bool:
        with _places.one():
            verified: bool = super().verify(password, encoded)
            return verified


class Places:
    """Where a process hashes, and a line of bounded length before it."""

    def __init__(self) -> None:
        self._line = threading.BoundedSemaphore(HASHES_AT_ONCE + WAITING_AT_MOST)
        self._places = threading.BoundedSemaphore(HASHES_AT_ONCE)

    @contextmanager
    def line(self) -> Iterator[None]:
        """:raises TooBusyToHash: at once if enough are waiting."""
        if not self._line.acquire(blocking=False):
            raise _too_busy()
        try:
            yield
        finally:
            self._line.release()

    @contextmanager
    def one(self) -> Iterator[None]:
        """
        Hold a place for the duration of the block.

        :raises TooBusyToHash: at once if enough are waiting, or when no place is free within five seconds, or for as
            long as the answer is wanted.
        """
        with self.line(), self._place():
            yield

    @contextmanager
    def _place(self) -> Iterator[None]:
        left = deadline.remaining()
        if not self._places.acquire(timeout=WAIT_SECONDS if left is None else max(0.0, min(WAIT_SECONDS, left))):
            raise _too_busy()
        try:
            yield
        finally:
            self._places.release()


def require_room() -> None:
    """
    Have whoever cannot be served be told so before anything is looked up for him.

    :raises TooBusyToHash: if enough are waiting at present.
    """
    with _places.line():
        pass


def _too_busy() -> TooBusyToHash:
    return TooBusyToHash(retry_after=random.randint(*COME_BACK_SECONDS))  # noqa: S311 - no secret


_places = Places()
