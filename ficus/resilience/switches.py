"""
Calls that an operator has switched off: whoever makes one gets its failure at once, and so takes his fallback.

    users                              every call to the upstream
    users/GetCredit                    one of its methods
    https://rates.example.com          everything asked there over HTTP
    https://rates.example.com/eur      what is asked at that path and below it
"""

from collections.abc import Iterable
from itertools import accumulate

from ficus.resilience import metrics

_off: frozenset[str] = frozenset()


def use(names: Iterable[str]) -> None:
    """Have these calls be off from now on, and no others."""
    global _off
    _off = frozenset(names)


def is_off(target: str, path: str = "") -> bool:
    """
    Say whether a call is off, and count it if it is.

    :param target: as of its guard.
    :param path: of what is asked for there: a method's name, or the path of an address.
    """
    if not _off:
        return False
    parts = [target, *(part for part in path.split("/") if part)]
    if not any(name in _off for name in accumulate(parts, "{}/{}".format)):
        return False
    metrics.refused.labels(target, "switched_off").inc()
    return True
