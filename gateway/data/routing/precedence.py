"""Which of several routes for one request is taken. ``docs/gateway.md`` says it in words."""

from gateway.data.routing.route import Route

Rank = tuple[int, int, int, int, int, int, bool, str]


def host_of(field: bytes) -> bytes:
    """Return the host that a ``Host`` field names, in lower case and without its port."""
    host = field.lower()
    if host.endswith(b"]"):
        return host
    name, colon, port = host.rpartition(b":")
    return name if colon and port.isdigit() else host


def covers_host(pattern: bytes, host: bytes) -> bool:
    return host == pattern or (pattern.startswith(b"*.") and host.endswith(pattern[1:]) and host != pattern[1:])


def host_for(route: Route, host: bytes) -> bytes | None:
    """Return the most exact of the route's hosts that covers ``host``, empty if it serves all, None if it does not."""
    if not route.hosts:
        return b""
    covering = [pattern for pattern in route.hosts if covers_host(pattern, host)]
    return max(covering, key=lambda pattern: (not pattern.startswith(b"*."), len(pattern)), default=None)


def rank(route: Route, host: bytes) -> Rank:
    """
    Return what sorts routes: the lowest is tried first.

    :param host: the one of the route's hosts by which it is looked at, or empty.
    """
    return (
        -route.priority,
        (2 if not host else 1 if host.startswith(b"*.") else 0),
        -len(host),
        1 if route.is_prefix else 0,
        -len(route.path),
        _kind(route),
        not route.methods,
        route.name,
    )


def _kind(route: Route) -> int:
    """A pattern goes before the bare prefix that it narrows, and more conditions before fewer."""
    return -len(route.conditions) - (1000 if route.pattern else 0)
