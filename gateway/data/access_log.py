"""The access log: one line for each answered request, in the form of every other log line, without its cost."""

import asyncio
import os
import select
import stat
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson

from gateway.data.message.peer import client_of
from gateway.data.message.request import Request

LONGEST_PATH = 1500  # bytes; a line with it fits into what a pipe takes as one piece
LARGEST_WRITE = 64 * 1024  # bytes, to a file

# Writes as many whole lines as nobody has to wait for, and returns how many those were.
Write = Callable[[Sequence[bytes]], int]


class AccessLog:
    """
    Gathers lines and writes them together, ``LINGER_SECONDS`` after the first of them.

    Whoever reads them may be slow or gone: at most ``MOST_LINES`` wait, and what comes on top is lost and counted.

    :ivar lost: lines that have not been reported yet.
    """

    LINGER_SECONDS: ClassVar[float] = 0.1
    MOST_LINES: ClassVar[int] = 20_000

    __slots__ = ("_fixed", "_format", "_lines", "_write", "lost")

    def __init__(self, write: Write, *, for_machine: bool, **fixed: str) -> None:
        """:param fixed: members that every line for a machine has, such as the service and its version."""
        self._write = write
        self._format = self._json if for_machine else _text
        self._fixed = fixed
        self._lines: list[bytes] = []
        self.lost = 0

    def add(self, request: Request, status: int, seconds: float, written: int) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_later(self.LINGER_SECONDS, self._flush_again)
        elif len(self._lines) >= self.MOST_LINES:
            self.lost += 1
            return
        self._lines.append(self._format(_members(request, status, seconds, written)))

    def flush(self) -> None:
        """Write what has gathered, as far as it is taken."""
        lines = self._lines
        try:
            done = self._write(lines) if lines else 0
        except OSError:  # nobody reads any more
            done = len(lines)
            self.lost += done
        self._lines = lines[done:]

    def _flush_again(self) -> None:
        self.flush()
        if self._lines:
            asyncio.get_running_loop().call_later(self.LINGER_SECONDS, self._flush_again)

    def _json(self, members: dict[str, Any]) -> bytes:
        members.update(self._fixed)
        return orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE)


def _members(request: Request, status: int, seconds: float, written: int) -> dict[str, Any]:
    route, upstream = request.route, request.upstream
    return {
        "event": "answered",
        "level": "info",
        "logger": "gateway.access",
        "time": datetime.now(UTC),
        "method": request.method.decode(),
        "path": request.path[:LONGEST_PATH].decode(),
        "status": status,
        "route": route.name if route else "",
        "upstream": upstream.name if upstream else "",
        "milliseconds": round(seconds * 1000, 1),
        "bytes": written,
        "client": client_of(request).decode(),
        "subject": request.principal.subject if request.principal else "",
        "request_id": request.id.decode(),
        "trace_id": request.trace_id.decode(),
        "span_id": request.span_id.decode(),
    }


def _text(line: dict[str, Any]) -> bytes:
    """Return the line as a person reads it in a terminal."""
    where = line["upstream"] or "here"
    return (
        f"{line['time']:%H:%M:%S.%f}"[:12]
        + f" INFO    gateway.access: {line['method']} {line['path']} {line['status']}"
        + f"  {where} in {line['milliseconds']} ms, request_id={line['request_id']}\n"
    ).encode()


class Stream:
    """
    A file descriptor that lines go to without anybody having to wait.

    A pipe says that it is writable when it takes ``PIPE_BUF`` bytes at once, and such a piece is never torn by those of
    another worker (POSIX, ``write``); so it can stay a blocking one, which others share.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._room = select.poll()
        self._room.register(number, select.POLLOUT)
        self._piece = LARGEST_WRITE if stat.S_ISREG(os.fstat(number).st_mode) else select.PIPE_BUF

    def write(self, lines: Sequence[bytes]) -> int:
        """
        Write as many as are taken at once, and return how many those were.

        :raises OSError: if nobody reads any more.
        """
        done = 0
        while done < len(lines) and self._room.poll(0):
            end, size = done + 1, len(lines[done])
            while end < len(lines) and size + len(lines[end]) <= self._piece:
                size += len(lines[end])
                end += 1
            os.write(self._number, b"".join(lines[done:end]))
            done = end
        return done
