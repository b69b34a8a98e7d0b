"""Which content coding a client prefers (RFC 9110, section 12.5.3)."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_ELEMENT = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*;[ \t]*[qQ]=([^;]*))?(?:[ \t]*;.*)?", re.DOTALL)
_WEIGHT = re.compile(rb"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_ALIASES = {b"x-gzip": b"gzip"}


@lru_cache(maxsize=512)
def preferred(accepted: bytes | None, ours: Sequence[bytes]) -> bytes:
    """
    Return the coding to use, or empty for none.

    Of codings that the client likes equally, the first of ours is taken. One that it likes less than the plain answer
    is not, and neither is any if it says nothing, although the RFC would allow it.

    :param accepted: the value of ``Accept-Encoding``, or None.
    """
    if not accepted:
        return b""
    weights = dict(_weights(accepted))
    anything = weights.get(b"*", 0.0)
    best, best_weight = b"", weights.get(b"identity", 0.0)
    for coding in ours:
        weight = weights.get(coding, anything)
        if weight > best_weight or (weight == best_weight > 0 and not best):
            best, best_weight = coding, weight
    return best


def _weights(accepted: bytes) -> Iterable[tuple[bytes, float]]:
    """Yield the weight of each coding; one that is malformed is as good as refused."""
    for element in accepted.split(b","):
        found = _ELEMENT.fullmatch(element.strip(b" \t"))
        if found is None:
            continue
        name = found[1].lower()
        weight = b"1" if found[2] is None else found[2].strip(b" \t")
        yield _ALIASES.get(name, name), float(weight) if _WEIGHT.fullmatch(weight) else 0.0
