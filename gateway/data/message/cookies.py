"""Reads and thins out ``Cookie`` headers: each service sees its own cookies and nobody sees the gateway's session."""


def value_of(header: bytes, name: bytes) -> bytes:
    """Return the first cookie called ``name``, or empty."""
    for pair in header.split(b";"):
        found, _, value = pair.strip().partition(b"=")
        if found == name:
            return value
    return b""


def without(header: bytes, names: frozenset[bytes]) -> bytes:
    """Return the header less the cookies called ``names``."""
    pairs = [pair.strip() for pair in header.split(b";")]
    return b"; ".join(pair for pair in pairs if pair and pair.partition(b"=")[0].strip() not in names)


def sets_one_of(set_cookie: bytes, names: frozenset[bytes]) -> bool:
    """Say whether a ``Set-Cookie`` value would write one of ``names``."""
    return set_cookie.partition(b"=")[0].strip() in names
