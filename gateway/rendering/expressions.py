"""Regular expressions that other engines need where the data path has code."""

import re
from urllib.parse import unquote

from gateway.data.policies.rewrite import Rewrite
from gateway.data.routing.patterns import compiled
from gateway.data.routing.route import Route

GROUPS = 9  # that a substitute may name, in every engine


class TooManyGroups(ValueError):
    """The substitute would need a group beyond the ninth."""


def below(route: Route, *, decoded: bool = False) -> str:
    """
    Return what a whole path, trailing slash and all, matches if the route's path and pattern cover it.

    :param decoded: whether the engine looks at paths whose escapes have been resolved.
    """
    path = _literal(route, decoded)
    if route.pattern:
        return f"{path}(?:{route.pattern})/?"
    return f"{path}(?:/.*)?" if route.is_prefix else f"{path}/?"


def rewriting(route: Route, terms: Rewrite, *, decoded: bool = False) -> tuple[str, str]:
    """
    Return a pattern for the whole path and what it becomes, ``\\1`` being a group.

    :param decoded: as for :func:`below`; the engine escapes the new path by itself then.
    :raises TooManyGroups: if the engines cannot say it.
    """
    if terms.prefix:
        prefix = "" if terms.prefix == "/" else unquote(terms.prefix) if decoded else terms.prefix
        path = _literal(route, decoded)
        return (f"^{path}/?(.*)$", "/\\1") if not prefix else (f"^{path}(.*)$", f"{prefix}\\1")
    groups = compiled(terms.pattern).groups
    if groups + 3 > GROUPS:
        raise TooManyGroups(f"a rewriting pattern has at most {GROUPS - 3} groups")
    moved = re.sub(r"\\(\d)", lambda group: f"\\{int(group[1]) + 2}", terms.to)
    return f"^(.*?)({terms.pattern})(.*)$", f"\\1{moved}\\{groups + 3}"


def _literal(route: Route, decoded: bool) -> str:
    path = route.path.decode()
    return re.escape(unquote(path) if decoded else path)


def more_than(number: int) -> str:
    """Return what the digits of every number beyond ``number`` match, for engines that cannot compare."""
    digits = str(number)
    ways = [f"[1-9][0-9]{{{len(digits)},}}"]
    for place, digit in enumerate(digits):
        if digit != "9":
            rest = len(digits) - place - 1
            ways.append(f"{digits[:place]}[{int(digit) + 1}-9]" + (f"[0-9]{{{rest}}}" if rest else ""))
    return f"^0*(?:{'|'.join(ways)})$"


def parameter(name: str) -> str:
    """Return what a query matches that has the parameter, up to its value."""
    return f"(?:^|&){escaped_or_not(name)}"


def escaped_or_not(text: str) -> str:
    """Return what ``text`` matches in a query, each character as it is or as an escape."""
    return "".join(_ways(byte) for byte in text.encode())


def _ways(byte: int) -> str:
    plain = re.escape(chr(byte)) if 0x20 < byte < 0x7F and byte not in b"&+#%" else ""
    escape = "%" + "".join(f"[{digit}{digit.lower()}]" if digit.isalpha() else digit for digit in f"{byte:02X}")
    ways = [each for each in (plain, "\\+" if byte == 0x20 else "", escape) if each]
    return f"(?:{'|'.join(ways)})"


# What the raw path of a request target may look like: no escape that is none, no separator, control character or
# semicolon, hidden or not, and UTF-8 (RFC 3629, section 4). Dots are looked at apart.
_TAIL = "%[89AaBb][0-9A-Fa-f]"
PATH = (
    "(?:"
    "[^%;\\x5c#?\\x00-\\x20\\x7f-\\xff]"
    "|%(?:2[0-9A-EDa-e]|3[0-9AC-Fac-f]|4[0-9A-Fa-f]|5[0-9ABD-Fabd-f]|6[0-9A-Fa-f]|7[0-9A-Ea-e])"
    f"|%[Cc][2-9A-Fa-f]{_TAIL}|%[Dd][0-9A-Fa-f]{_TAIL}"
    f"|%[Ee]0%[AaBb][0-9A-Fa-f]{_TAIL}|%[Ee][1-9A-CEFa-cef]{_TAIL}{_TAIL}|%[Ee][Dd]%[89][0-9A-Fa-f]{_TAIL}"
    f"|%[Ff]0%[9AaBb][0-9A-Fa-f]{_TAIL}{_TAIL}|%[Ff][1-3]{_TAIL}{_TAIL}{_TAIL}|%[Ff]4%8[0-9A-Fa-f]{_TAIL}{_TAIL}"
    ")*"
)
CLIMBING = "/(?:\\.|%2[Ee]){2}(?:[/? ]|$)"
HOST = "(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?"
