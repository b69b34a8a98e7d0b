"""Makes a request target canonical, so that the gateway and the services can never read two different paths in it."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.data.message.refusal import Refusal, malformed

_PLAIN: Final = re.compile(rb"/[A-Za-z0-9._~!$&'()*+,=:@/-]*")
_ESCAPE = re.compile(rb"%(.{0,2})", re.DOTALL)
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{2}")
_OUTSIDE = re.compile(rb"[^A-Za-z0-9._~!$&'()*+,=:@%-]")
_ABSOLUTE = re.compile(rb"https?://([^/?]*)([/?].*)?", re.IGNORECASE)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_FORBIDDEN = frozenset((*range(0x20), 0x7F, *b"/\\;"))


def is_plain(path: bytes) -> bool:
    """Say whether a path is canonical as it is and has no escapes, which most have not."""
    return _PLAIN.fullmatch(path) is not None and b"//" not in path and b"/." not in path


def canonical(target: bytes, host: bytes) -> tuple[bytes, bytes]:
    """
    Return the path and the query (with its ``?``, or empty) that stand for ``target`` from here on.

    Escapes of unreserved characters are resolved, the others written in capitals (RFC 3986, section 6.2.2); empty and
    single-dot segments disappear. The query goes on as it is.

    :raises Refusal: if the target climbs, hides a separator or a control character, is no UTF-8, or names another host.
    """
    path, mark, query = target.partition(b"?")
    if b"#" in target:
        raise malformed("invalid_target", "The address has a fragment, which is never sent.")
    if is_plain(path):
        return path, mark + query
    if not path.startswith(b"/"):
        return canonical(_origin_form(target, host), host)
    return _resolved(path), mark + query


def _origin_form(target: bytes, host: bytes) -> bytes:
    """Return what follows the authority of an absolute target, which must be the one that ``Host`` names."""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or absolute[1].lower() != host.lower():
        raise malformed("invalid_target", "The address must begin with a slash or with the host of the Host header.")
    rest = absolute[2] or b"/"
    return rest if rest.startswith(b"/") else b"/" + rest


def _resolved(path: bytes) -> bytes:
    if b";" in path or b"\\" in path:
        raise invalid_path("has a semicolon or a backslash")
    segments = [_OUTSIDE.sub(_escaped, _ESCAPE.sub(_normalised, segment)) for segment in path.split(b"/")]
    if b".." in segments:
        raise invalid_path("climbs out of itself")
    named = [segment for segment in segments if segment not in (b"", b".")]
    ends_with_slash = segments[-1] in (b"", b".") and named
    resolved = b"/" + b"/".join(named) + (b"/" if ends_with_slash else b"")
    _check_text(resolved)
    return resolved


def _normalised(escape: re.Match[bytes]) -> bytes:
    digits = escape[1]
    if not _HEXADECIMAL.fullmatch(digits):
        raise invalid_path("has an escape that is none")
    byte = int(digits, 16)
    if byte in _FORBIDDEN:
        raise invalid_path("hides a separator or a control character")
    return bytes((byte,)) if byte in _UNRESERVED else b"%" + digits.upper()


def _escaped(character: re.Match[bytes]) -> bytes:
    return b"%%%02X" % character[0][0]


def _check_text(path: bytes) -> None:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise invalid_path("is not UTF-8") from None


def invalid_path(fault: str) -> Refusal:
    return malformed("invalid_path", f"The path {fault}.")
