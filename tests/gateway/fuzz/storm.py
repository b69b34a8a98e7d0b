"""Sends changed requests to a running gateway, a sentinel request after each, and looks at every answer."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.gateway.fuzz.answers import Answer, AnswerReader, Malformed
from tests.gateway.fuzz.mutations import Mutations, cuts
from tests.gateway.fuzz.readings import Reading, by_gateway, disagreements

ANSWER_SECONDS = 60.0  # generous: how long a busy machine may take for one answer
UNFINISHED_SECONDS = 0.002  # what is not whole gets no answer, and is left
BUSY = (429, 503, 504)  # statuses that a loaded machine may cause
NEVER = (500, 502)
# What the gateway is started with: few lines in its log, and any host, so that Django says 404 rather than complains.
ENVIRONMENT = {"LOG_LEVEL": "ERROR", "OTEL_EXPORTER_OTLP_ENDPOINT": "", "ALLOWED_HOSTS": "*"}
_CRASHES = (
    "Fatal error on transport",
    "Exception in callback",
    "a policy failed",
    "never retrieved",
    "Internal Server",
)


@dataclass
class Report:
    """
    What came of it.

    :ivar failures: one line each, with the number of the request, so that it can be had again.
    :ivar statuses: how often each was answered.
    """

    sent: int = 0
    sentinels: int = 0
    connections: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Storm:
    """
    So many connections at a time, each used until the gateway closes it.

    :ivar failed: the numbers of the requests that came out wrong.
    :ivar differs: whether each request that went through is shown to llhttp and gunicorn too.
    """

    def __init__(self, port: int, mutations: Mutations, *, differs: bool = True) -> None:
        self.report = Report()
        self.differs = differs
        self._port = port
        self.mutations = mutations
        self.failed: list[int] = []
        self._numbers: Iterator[int] = iter(())

    async def rage(self, first: int, count: int, at_once: int) -> None:
        """Send the requests of these numbers."""
        self._numbers = iter(range(first, first + count))
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._connections())

    async def _connections(self) -> None:
        connection: _Connection | None = None
        for number in self._numbers:
            self.report.sent += 1
            if connection is None:
                connection = await self._connect()
            try:
                await self._try(number, connection)
                if not connection.may_go_on:
                    connection.transport.abort()
                    connection = None
            except Fault as fault:
                self.failed.append(number)
                self.report.failures.append(f"{self.mutations.seed}:{number} {fault} {self.mutations[number]!r}")
                connection.transport.abort()
                connection = None
        if connection is not None:
            connection.transport.abort()

    async def _connect(self) -> "_Connection":
        self.report.connections += 1
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", self._port)
        return connection

    async def _try(self, number: int, connection: "_Connection") -> None:
        data = self.mutations[number]
        reading = by_gateway(data)
        if self.differs:
            for disagreement in disagreements(reading):
                raise Fault(disagreement)
        case = Case(reading, number)
        connection.ask(case)
        whole = data if reading.is_unfinished else data + case.sentinel
        before = 0
        for place in (*cuts(self.mutations.seed, number, len(data)), len(whole)):
            connection.transport.write(whole[before:place])
            before = place
        try:
            await asyncio.wait_for(case.done.wait(), UNFINISHED_SECONDS if reading.is_unfinished else ANSWER_SECONDS)
        except TimeoutError:
            if not reading.is_unfinished:
                raise Fault(f"no answer; had {[answer.status for answer in case.answers]}") from None
            connection.transport.abort()
        self.report.statuses.update(answer.status for answer in case.answers)
        self.report.sentinels += case.sentinel_came
        for fault in case.faults():
            raise Fault(fault)


def crashes(log: Path) -> list[str]:
    """Return the lines of a log that tell of an exception nobody had thought of."""
    return [line[:4000] for line in log.read_text().splitlines() if any(sign in line for sign in _CRASHES)]


class Fault(Exception):
    """The gateway did what it must not."""


class Case:
    """One changed request and its sentinel, and the answers to both."""

    def __init__(self, reading: Reading, number: int) -> None:
        self.reading = reading
        self.mark = b"/products/sentinel?%d" % number
        self.sentinel = b"GET %b HTTP/1.1\r\nHost: ficus.test\r\n\r\n" % self.mark
        self.methods = [*reading.methods, b"GET"]
        if reading.refused and len(reading.methods) == len(reading.cuts):
            self.methods.insert(-1, b"")  # of the request whose head could not be read
        self.answers: list[Answer] = []
        self.done = asyncio.Event()
        self.malformed = ""
        self.rest = b""

    @property
    def sentinel_came(self) -> bool:
        return bool(self.answers) and self.answers[-1].body == b"GET " + self.mark

    def add(self, answer: Answer) -> None:
        self.answers.append(answer)
        if self.sentinel_came:
            self.done.set()

    def faults(self) -> Iterator[str]:
        statuses = [answer.status for answer in self.answers]
        reading = self.reading
        if self.malformed or self.rest:
            yield f"malformed answer: {self.malformed or self.rest!r}"
        if any(status in NEVER for status in statuses):
            yield f"statuses {statuses}"
        for place, answer in enumerate(self.answers):
            sentinel = answer.body.startswith(b"GET /products/sentinel?")
            if sentinel and (answer.body != b"GET " + self.mark or place != len(self.answers) - 1):
                yield f"another's answer: {answer.body!r}"
        if reading.is_unfinished:
            return
        if len(statuses) > len(self.methods):
            yield f"{len(statuses)} answers to {len(self.methods)} requests"
        if self.sentinel_came and (len(statuses) != len(self.methods) or reading.refused or reading.is_last):
            yield f"the sentinel is answered where it must not be: {statuses}, {reading}"
        if not self.sentinel_came and not self._may_have_closed():
            yield f"closed without saying so: {statuses}"
        if reading.refused and len(statuses) == len(reading.cuts) + 1 and statuses[-1] not in (reading.refused, *BUSY):
            early = any(answer.closes for answer in self.answers[:-1])
            if not early and statuses[-1] < 400:
                yield f"answered {statuses[-1]} instead of {reading.refused}"

    def _may_have_closed(self) -> bool:
        """Whether the last answer said that the connection ends, or the last request had asked for it."""
        if not self.answers:
            return False
        return self.answers[-1].closes or self.reading.is_last


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._reader = AnswerReader()
        self._case: Case | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP's, always
        self.transport = transport

    @property
    def may_go_on(self) -> bool:
        """Whether the last case has left the connection open."""
        return self._case is not None and self._case.sentinel_came and not self._case.answers[-1].closes

    def ask(self, case: Case) -> None:
        self._case = case

    def data_received(self, data: bytes) -> None:
        case = self._case
        if case is None:
            return
        try:
            for answer in self._reader.read(data, case.methods, len(case.answers)):
                case.add(answer)
        except Malformed as malformed:
            case.malformed = str(malformed)
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._case is not None:
            self._case.rest = self._reader.rest
            self._case.done.set()
