"""Redis' protocol (RESP2), as much as scripts need: commands out, replies in."""

from typing import Any

Reply = Any  # int, bytes, None, ReplyError, or a list of these


class ReplyError(Exception):
    """What Redis said instead."""


class Incomplete(Exception):
    """The rest of the reply has not come yet."""


def written(command: tuple[bytes, ...]) -> bytes:
    """Return the command as it goes over the wire."""
    return b"*%d\r\n" % len(command) + b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in command])


def read(data: bytes | bytearray, at: int) -> tuple[Reply, int]:
    """
    Return the reply that begins at ``at``, and where the next one does.

    :raises Incomplete: if it has no end yet.
    :raises ValueError: if it is no reply.
    """
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    kind, line, at = data[at : at + 1], bytes(data[at + 1 : end]), end + 2
    if kind == b":":
        return int(line), at
    if kind == b"*":
        return _array(data, at, int(line))
    if kind == b"$":
        return _bulk(data, at, int(line))
    if kind == b"+":
        return line, at
    if kind == b"-":
        return ReplyError(line.decode("latin-1")), at
    raise ValueError("no reply of Redis")


def _array(data: bytes | bytearray, at: int, length: int) -> tuple[list[Reply] | None, int]:
    if length < 0:
        return None, at
    found = []
    for _ in range(length):
        item, at = read(data, at)
        found.append(item)
    return found, at


def _bulk(data: bytes | bytearray, at: int, length: int) -> tuple[bytes | None, int]:
    if length < 0:
        return None, at
    end = at + length + 2
    if len(data) < end:
        raise Incomplete
    return bytes(data[at : end - 2]), end
