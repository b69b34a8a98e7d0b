"""What ``Cache-Control`` (RFC 9111, section 5.2) and dates say; what is malformed never makes an answer last longer."""

import re
from collections.abc import Iterable, Mapping
from email.utils import formatdate, parsedate_to_datetime

LONGEST_SECONDS = 2**31  # RFC 9111, section 1.2.2

Directives = Mapping[bytes, bytes]

_DIRECTIVE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(\"(?:[^\"\\]|\\.)*\"|[^,\" \t]*))?")


def directives(values: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return the arguments by name in lower case, empty where there is none; of several the first counts."""
    found: dict[bytes, bytes] = {}
    for value in values:
        for name, argument in _DIRECTIVE.findall(value):
            found.setdefault(name.lower(), argument.strip(b'"'))
    return found


def seconds(said: Directives, name: bytes) -> int | None:
    """Return how many seconds a directive says; None if it is not there, and 0 if that is no number."""
    argument = said.get(name)
    if argument is None:
        return None
    return min(int(argument), LONGEST_SECONDS) if argument.isdigit() else 0


def instant(date: bytes) -> float | None:
    """Return an HTTP date (RFC 9110, section 5.6.7) in seconds since 1970, or None if it is none."""
    try:
        return parsedate_to_datetime(date.decode("latin-1")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def date(at: float) -> bytes:
    return formatdate(at, usegmt=True).encode()
