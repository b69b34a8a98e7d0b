"""Tokens that are refused before they expire, since a session or a person's time has ended. Where from is no matter."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

SESSION, SUBJECT = "sid", "sub"
SWEEP_SECONDS = 60.0


class Marks(NamedTuple):
    """What of a token can be revoked."""

    session: str
    subject: str
    issued_at: int


def mark(claim: str, value: str) -> str:
    """Return the name under which a session or a subject is revoked: it cannot be guessed, and tells nobody whose."""
    return urlsafe_b64encode(sha256(f"{claim}:{value}".encode()).digest()[:16]).decode().rstrip("=")


def marks_of(claims: Mapping[str, Any]) -> Marks:
    return Marks(mark(SESSION, claims["sid"]), mark(SUBJECT, claims["sub"]), claims["iat"])


class Revocations:
    """
    Until when tokens were issued that are refused now, by mark. As many as were revoked while a token lives.

    :ivar version: grows with each change.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.version = 0
        self._clock = clock
        self._before: dict[str, float] = {}
        self._swept_at = clock()

    def __len__(self) -> int:
        return len(self._before)

    def add(self, marks: Mapping[str, float], *, keep_seconds: float) -> set[str]:
        """Take over revocations, and forget what is older than ``keep_seconds``; return those that are new or newer."""
        fresh = {name for name, before in marks.items() if before > self._before.get(name, 0.0)}
        if fresh:
            self._before |= {name: marks[name] for name in fresh}
            self.version += 1
        now = self._clock()
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            self._before = {name: at for name, at in self._before.items() if at > now - keep_seconds}
        return fresh

    def cover(self, marks: Marks) -> bool:
        """Say whether a token is revoked; one that was issued in the very second of it is."""
        before = self._before
        return bool(before) and marks.issued_at <= max(before.get(marks.session, 0.0), before.get(marks.subject, 0.0))
