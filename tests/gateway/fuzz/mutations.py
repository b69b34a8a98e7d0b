"""Changes good and bad requests at random, the same way for the same seed and number."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from tests.gateway.hostile import CASES, REFUSED, UNFINISHED

CORPUS = Path(__file__).parent / "corpus"
MOSTLY_KEPT = 0.8  # share of those that begin with the corpus, whose requests are nearly all good
LONGEST = 4096  # bytes; what is longer is cut, since length by itself is the business of other tests

# What parsers have disagreed about before; most of it stands for itself.
WORDS = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"\0", b" ", b"\t", b"\x0b", b"\x7f", b"\x80", b"\xff",
    b":", b",", b";", b"=", b'"', b"\\", b"/", b"//", b"/../", b"%2e%2e", b"%2f", b"%00", b"%", b"?", b"#", b"*",
    b"0", b"5", b"-1", b"+5", b"0x5", b"1_0", b"05", b"00000000000000000005", b"ffffffffffffffff", b"7fffffff",
    b"chunked", b"Chunked", b"identity", b"gzip", b"xchunked", b"chunked, chunked", b"close", b"keep-alive",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"GET ", b"HEAD ", b"POST ", b"CONNECT ",
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Content-Length : 5\r\n", b"content-length: 1\r\n",
    b"Content_Length: 9\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer-Encoding: identity\r\n", b"transfer_encoding: chunked\r\n",
    b"Transfer-Encoding:\r\n chunked\r\n", b"X: y\r\n z\r\n", b"Host: other.test\r\n", b"Host: ficus.test\r\n",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Connection: host, content-length\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
    b"Expect: 100-continue\r\n", b"X-Request-Timeout-Ms: 4000\r\n", b"X-User-Id: 1\r\n", b"Cookie: a=b\r\n",
    b"0\r\n\r\n", b"5\r\nhello\r\n", b"5;a=b\r\nhello\r\n", b"5 \r\nhello\r\n", b'1;x="\\"\r\na\r\n',
    b"GET /products/smuggled HTTP/1.1\r\nHost: ficus.test\r\n\r\n",
)  # fmt: skip


class Mutations:
    """An endless supply of changed requests; number 7 of one seed is always the same."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.kept = [path.read_bytes() for path in sorted(CORPUS.iterdir())]
        self.sources = [*self.kept, *(case.sent[:LONGEST] for case in (*CASES, *REFUSED, *UNFINISHED))]

    def __getitem__(self, number: int) -> bytes:
        random = Random(f"{self.seed}:{number}")
        data = random.choice(self.kept if random.random() < MOSTLY_KEPT else self.sources)
        for _ in range(random.choice((0, 1, 1, 1, 1, 2, 2, 3, 5))):
            data = random.choice(CHANGES)(random, data, self.sources)
        return data[:LONGEST]


def cuts(seed: int, number: int, length: int) -> list[int]:
    """Return where that request is cut into pieces that are sent one by one; most are sent whole."""
    random = Random(f"cut {seed}:{number}")
    count = random.choice((0, 0, 0, 1, 1, 2, 3))
    return sorted(random.randrange(length + 1) for _ in range(count))


Change = Callable[[Random, bytes, Sequence[bytes]], bytes]


def _piece(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.choice((1, 1, 2, 4, 8, 16, 64)))


def _put_word(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(WORDS) + data[at:]


def _replace_by_word(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _piece(random, data)
    return data[:start] + random.choice(WORDS) + data[end:]


def _put_line(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Put a word where a line begins, which is where fields and chunks do."""
    lines = data.split(b"\r\n")
    at = random.randrange(1, len(lines) + 1)
    return b"\r\n".join([*lines[:at], random.choice(WORDS).removesuffix(b"\r\n"), *lines[at:]])


def _double_line(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\r\n")
    at = random.randrange(len(lines))
    return b"\r\n".join([*lines[: at + 1], *lines[at:]])


def _drop_line(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\r\n")
    at = random.randrange(len(lines))
    return b"\r\n".join([*lines[:at], *lines[at + 1 :]])


def _change_byte(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + bytes((random.randrange(256),)) + data[at + 1 :]


def _flip_bit(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << random.randrange(8),)) + data[at + 1 :]


def _drop(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _piece(random, data)
    return data[:start] + data[end:]


def _repeat(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _piece(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 30)) + data[end:]


def _splice(random: Random, data: bytes, sources: Sequence[bytes]) -> bytes:
    other = random.choice(sources)
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


def _follow(random: Random, data: bytes, sources: Sequence[bytes]) -> bytes:
    return data + random.choice(sources)


def _swap_case(random: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _piece(random, data)
    return data[:start] + data[start:end].swapcase() + data[end:]


CHANGES: tuple[Change, ...] = (
    _put_word, _put_word, _replace_by_word, _put_line, _put_line, _double_line, _drop_line, _change_byte, _flip_bit,
    _drop, _repeat, _splice, _follow, _swap_case,
)  # fmt: skip
