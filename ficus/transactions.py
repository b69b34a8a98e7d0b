"""Whether a transaction is open here, for whatever must be inside one or must not."""

from django.db import connections


class RemoteCallInTransaction(RuntimeError):
    """A transaction would be held open, with its locks, for as long as another service takes to answer."""


def is_open() -> bool:
    """Return whether a transaction is open here, other than the one that Django's TestCase wraps around each test."""
    return any(
        not getattr(block, "_from_testcase", False)
        for connection in connections.all(initialized_only=True)
        for block in connection.atomic_blocks
    )
