import asyncio
import json
import os
import select
from collections.abc import Callable, Iterator, Sequence

import pytest

from gateway.data.access_log import LONGEST_PATH, AccessLog, Stream, Write
from gateway.data.message.request import Request
from gateway.data.message.trace import identify
from gateway.data.routing.route import Route
from tests.gateway.making import request

ORDERS = Route("orders", "orders", b"/orders")


@pytest.fixture
def answered() -> Request:
    made = request("GET", "/orders?secret=1", "X-Request-ID: mine", route=ORDERS)
    identify(made, trusted=False, sampled_share=1.0)
    return made


class Taker:
    """Takes so many lines at each attempt."""

    def __init__(self, *at_once: int) -> None:
        self.at_once = list(at_once)
        self.taken: list[list[bytes]] = []

    def __call__(self, lines: Sequence[bytes]) -> int:
        count = min(self.at_once.pop(0), len(lines)) if self.at_once else len(lines)
        self.taken.append(list(lines[:count]))
        return count


def logged(make: Callable[[], AccessLog], made: Request, times: int = 1, attempts: int = 1) -> AccessLog:
    """Return the log after ``made`` was added ``times`` at one moment, and it has tried to write so often."""

    async def add_all() -> AccessLog:
        log = make()
        for _ in range(times):
            log.add(made, 200, 0.5, 17)
        await asyncio.sleep((AccessLog.LINGER_SECONDS + 0.05) * attempts)
        return log

    return asyncio.run(add_all())


class TestAccessLog:
    def test_says_what_was_answered_and_never_the_query(self, answered: Request) -> None:
        taker = Taker()

        logged(lambda: AccessLog(taker, for_machine=True, service="gateway", version="1"), answered)

        [[line]] = taker.taken
        members = json.loads(line)
        assert {name: members[name] for name in ("method", "path", "status", "route", "upstream", "bytes")} == {
            "method": "GET",
            "path": "/orders",
            "status": 200,
            "route": "orders",
            "upstream": "orders",
            "bytes": 17,
        }
        assert (members["client"], members["request_id"], members["service"]) == ("192.0.2.7", "mine", "gateway")
        assert (members["milliseconds"], len(members["trace_id"])) == (500.0, 32)
        assert line.count(b"\n") == 1
        assert b"secret" not in line

    def test_writes_the_lines_of_a_moment_together(self, answered: Request) -> None:
        taker = Taker()

        logged(lambda: AccessLog(taker, for_machine=True), answered, times=3)

        assert [len(lines) for lines in taker.taken] == [3]

    def test_is_short_for_a_person(self, answered: Request) -> None:
        taker = Taker()

        logged(lambda: AccessLog(taker, for_machine=False), answered)

        assert b" INFO    gateway.access: GET /orders 200  orders in 500.0 ms" in taker.taken[0][0]

    def test_keeps_a_line_short_enough_to_be_written_as_one_piece(self) -> None:
        made, taker = request("GET", "/" + '"' * 4000, sifted=False), Taker()

        logged(lambda: AccessLog(taker, for_machine=True), made)

        [[line]] = taker.taken
        assert len(json.loads(line)["path"]) == LONGEST_PATH
        assert len(line) < select.PIPE_BUF

    def test_tries_again_what_was_not_taken(self, answered: Request) -> None:
        taker = Taker(2, 0)

        log = logged(lambda: AccessLog(taker, for_machine=True), answered, times=5, attempts=4)

        assert [len(lines) for lines in taker.taken] == [2, 0, 3]
        assert log.lost == 0

    def test_keeps_so_many_lines_and_counts_what_is_lost(
        self, answered: Request, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(AccessLog, "MOST_LINES", 10)
        taker = Taker(0)

        log = logged(lambda: AccessLog(taker, for_machine=True), answered, times=25, attempts=3)

        assert [len(lines) for lines in taker.taken] == [0, 10]
        assert log.lost == 15

    def test_loses_what_nobody_reads_any_more(self, answered: Request) -> None:
        def broken(lines: Sequence[bytes]) -> int:
            raise BrokenPipeError

        log = logged(lambda: AccessLog(broken, for_machine=True), answered, times=3)

        assert log.lost == 3


@pytest.fixture
def pipe() -> Iterator[tuple[int, Write]]:
    """The end that is read, and what writes into the other."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, Stream(writing).write
    os.close(reading)
    os.close(writing)


class TestStream:
    LINE = b"x" * 999 + b"\n"

    def test_never_waits_for_a_pipe_that_nobody_empties(self, pipe: tuple[int, Write]) -> None:
        reading, write = pipe

        done = write([self.LINE] * 1000)

        assert 0 < done < 1000
        assert write([self.LINE]) == 0
        assert os.read(reading, 1 << 20) == self.LINE * done

    def test_goes_on_when_there_is_room_again(self, pipe: tuple[int, Write]) -> None:
        reading, write = pipe
        write([self.LINE] * 1000)
        os.read(reading, 1 << 20)

        assert write([self.LINE] * 3) == 3
        assert os.read(reading, 1 << 20) == self.LINE * 3

    def test_writes_no_piece_that_another_could_tear(
        self, pipe: tuple[int, Write], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes: list[int] = []
        real = os.write
        monkeypatch.setattr(os, "write", lambda number, data: sizes.append(len(data)) or real(number, data))

        pipe[1]([self.LINE] * 10)

        assert sizes == [4000, 4000, 2000]

    def test_tells_of_a_pipe_that_nobody_has_open(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)

        with pytest.raises(BrokenPipeError):
            Stream(writing).write([self.LINE])
        os.close(writing)
