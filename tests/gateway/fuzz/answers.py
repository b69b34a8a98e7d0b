"""Reads pipelined answers as a strict client does."""

import re
from collections.abc import Iterator, Sequence

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [^\r\n]*\r\n")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\r\n")


class Malformed(Exception):
    """These bytes are no answer."""


class Answer:
    def __init__(self, status: int, fields: dict[bytes, bytes], body: bytes) -> None:
        self.status = status
        self.fields = fields
        self.body = body

    @property
    def closes(self) -> bool:
        return self.fields.get(b"connection") == b"close"


class AnswerReader:
    """Cuts what comes on one connection into answers; which have a body depends on the methods asked."""

    def __init__(self) -> None:
        self._pending = b""

    @property
    def rest(self) -> bytes:
        return self._pending

    def read(self, data: bytes, methods: Sequence[bytes], answered: int) -> Iterator[Answer]:
        """
        Yield the answers that are whole; interim ones are left out.

        :param answered: how many of ``methods`` have had their answers.
        :raises Malformed: if there are other bytes.
        """
        self._pending += data
        while self._pending:
            method = methods[answered] if answered < len(methods) else b""
            answer = self._next(method)
            if answer is None:
                return
            if answer.status >= 200:
                answered += 1
                yield answer

    def _next(self, method: bytes) -> Answer | None:
        head, mark, rest = self._pending.partition(b"\r\n\r\n")
        if not mark:
            return None
        line = STATUS_LINE.match(head + b"\r\n")
        if line is None:
            raise Malformed(f"no status line: {head[:80]!r}")
        fields = self._fields(head[line.end() :] + b"\r\n" if line.end() < len(head) + 2 else b"")
        status = int(line[1])
        if method == b"HEAD" or status < 200 or status in (204, 304):
            self._pending = rest
            return Answer(status, fields, b"")
        body = self._chunks(rest) if b"transfer-encoding" in fields else self._counted(rest, fields)
        if body is None:
            return None
        return Answer(status, fields, body)

    @staticmethod
    def _fields(data: bytes) -> dict[bytes, bytes]:
        fields: dict[bytes, bytes] = {}
        place = 0
        while place < len(data):
            found = FIELD.match(data, place)
            if found is None:
                raise Malformed(f"no field: {data[place : place + 80]!r}")
            name = found[1].lower()
            if name in fields and name in (b"content-length", b"transfer-encoding", b"connection"):
                raise Malformed(f"{name.decode()} came twice")
            fields[name] = found[2]
            place = found.end()
        return fields

    def _counted(self, rest: bytes, fields: dict[bytes, bytes]) -> bytes | None:
        length = int(fields[b"content-length"])
        if len(rest) < length:
            return None
        self._pending = rest[length:]
        return rest[:length]

    def _chunks(self, rest: bytes) -> bytes | None:
        body = b""
        while True:
            size, mark, rest = rest.partition(b"\r\n")
            if not mark or len(rest) < int(size, 16) + 2:
                return None
            body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
            if not int(size, 16):
                self._pending = rest
                return body
