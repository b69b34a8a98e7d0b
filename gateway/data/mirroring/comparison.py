"""In what two answers to one request differ: named, without the values, which may be somebody's own."""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.data.message.request import Field

# Fields that differ between any two answers, or that concern the connection and not the answer.
ALWAYS_IGNORED = frozenset(
    (
        b"age",
        b"connection",
        b"content-length",
        b"date",
        b"keep-alive",
        b"server",
        b"server-timing",
        b"transfer-encoding",
        b"x-request-id",
    )
)
NAMED_AT_MOST = 20
LARGEST_UNPACKED = 4 * 1024 * 1024  # bytes
DEEPEST = 64

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One answer, as far as it was kept.

    :ivar body: None if there was more of it than is compared.
    """

    status: int
    headers: Sequence[Field]
    body: bytes | None


def differences(
    one: Answer, other: Answer, *, ignored_headers: frozenset[bytes], ignored_fields: Sequence[str]
) -> list[str]:
    """
    Return in what the answers differ, such as ``status 200, 500``, ``header etag`` or ``body results.0.total``.

    :param ignored_headers: names in lower case.
    :param ignored_fields: places in a JSON body, as they are named in what is returned; ``*`` stands for any one part.
    """
    found = [] if one.status == other.status else [f"status {one.status}, {other.status}"]
    found += [f"header {name}" for name in _header_differences(one.headers, other.headers, ignored_headers)]
    if one.body is not None and other.body is not None:
        ignored = [tuple(each.split(".")) for each in ignored_fields]
        found += _body_differences(one, other, ignored)
    return found[:NAMED_AT_MOST]


def _header_differences(one: Sequence[Field], other: Sequence[Field], ignored: frozenset[bytes]) -> list[str]:
    left_out = ALWAYS_IGNORED | ignored
    differing = Counter(one)
    differing.subtract(Counter(other))
    return sorted({name.decode("latin-1") for (name, _), count in differing.items() if count and name not in left_out})


def _body_differences(one: Answer, other: Answer, ignored: Sequence[tuple[str, ...]]) -> list[str]:
    if one.body == other.body and one.headers == other.headers:
        return []
    first, second = _document(one), _document(other)
    if first is _ABSENT or second is _ABSENT:
        return [] if _unpacked(one) == _unpacked(other) else ["body"]
    places = (place for place in _places(first, second, ()) if not any(_names(each, place) for each in ignored))
    return [
        " ".join(("body", ".".join(place))).rstrip() for place, _ in zip(places, range(NAMED_AT_MOST), strict=False)
    ]


def _document(answer: Answer) -> Any:
    """Return the JSON document that the body is, or ``_ABSENT``."""
    media_type = dict(answer.headers).get(b"content-type", b"").partition(b";")[0].strip().lower()
    if not (media_type == b"application/json" or media_type.endswith(b"+json")):
        return _ABSENT
    try:
        return orjson.loads(_unpacked(answer))
    except orjson.JSONDecodeError:
        return _ABSENT


def _unpacked(answer: Answer) -> bytes:
    body = answer.body or b""
    if dict(answer.headers).get(b"content-encoding", b"").lower() != b"gzip":
        return body
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, LARGEST_UNPACKED)
    except zlib.error:
        return body


def _places(one: Any, other: Any, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield where the documents differ; a member that is on one side alone is one difference."""
    if len(at) < DEEPEST and isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            yield from _places(one.get(name, _ABSENT), other.get(name, _ABSENT), (*at, name))
    elif len(at) < DEEPEST and isinstance(one, list) and isinstance(other, list):
        for number in range(max(len(one), len(other))):
            first = one[number] if number < len(one) else _ABSENT
            second = other[number] if number < len(other) else _ABSENT
            yield from _places(first, second, (*at, str(number)))
    elif type(one) is not type(other) or one != other:
        yield at


def _names(ignored: tuple[str, ...], place: tuple[str, ...]) -> bool:
    """Say whether ``place`` is what is ignored, or inside it."""
    return len(place) >= len(ignored) and all(part in ("*", found) for part, found in zip(ignored, place, strict=False))
