"""One route for nginx: what its location does, and what of it is lost."""

from collections.abc import Iterable

from gateway.data.policies.rewrite import Rewrite
from gateway.data.routing.route import Access, Route
from gateway.rendering.expressions import TooManyGroups, more_than, rewriting
from gateway.rendering.nginx_common import quoted, refusing
from gateway.rendering.nginx_tls import tls_lines, tls_losses
from gateway.rendering.plan import Loss, Plan, split_of, unknown_policies

KNOWN = ("rewrite", "split")
LONGEST_WAIT_MS = 10_000  # that Prefer: wait may add
HOP_MS = 20
ALLOWED_MS = 5_000
SMALLEST_SHARE = 0.0001  # that nginx can split off


def served(route: Route, plan: Plan, *, chosen: bool = False) -> Iterable[str]:
    """
    Yield the directives of the route's location.

    :param chosen: whether another location has led here, which has looked at the body's size by the largest limit.
    """
    yield f"# {route.name}"
    yield f"client_max_body_size {max(route.body_limit, 1)};"
    if chosen or not route.body_limit:
        yield f"if ($http_content_length ~ {quoted(more_than(route.body_limit))}) {{ {refusing(413)} }}"
    if route.access is Access.SIGNED_IN:
        yield f'if ($http_authorization = "") {{ {refusing(401)} }}'
    milliseconds = round(route.timeout_seconds * 1000) + (LONGEST_WAIT_MS if route.waits else 0)
    yield f"set $ficus_timeout_ms {max(ALLOWED_MS, milliseconds) - HOP_MS};"
    yield f"proxy_read_timeout {milliseconds}ms;"
    # Sends on the path that was looked at, not the one that came.
    yield _rewriting(route) or 'rewrite "^(.*)$" $1 break;'
    yield from tls_lines(route, plan)
    yield f"proxy_pass {f'$ficus_split_{_word(route.name)}' if split_of(route) else origin_of(plan, route.service)};"


def losses_of(route: Route, plan: Plan) -> Iterable[Loss]:
    """Yield what nginx does not keep of a route."""
    if route.access is Access.SIGNED_IN:
        yield Loss(route.name, "signed in: that there is a token is looked at, not whether it holds; the service must")
    if route.access is Access.OPTIONAL:
        yield Loss(route.name, "optional: a token is not looked at; the service must")
    if route.waits:
        yield Loss(
            route.name, "waits: the service may take 10 s more on every request, whether it was asked for or not"
        )
    yield from unknown_policies(route, KNOWN)
    yield from tls_losses(route, plan)
    if "rewrite" in route.policies and not _rewriting(route):
        yield Loss(route.name, "rewrite: nginx cannot say this substitute; the path goes on as it is")


def upstreams(plan: Plan) -> Iterable[str]:
    """Yield the instances of each service; the less busy of two drawn at random is taken."""
    for name in plan.named():
        servers = []
        for address in plan.services.get(name, ()):
            share = f"weight={address.weight}" if address.weight else "down"
            host = f"[{address.host}]" if ":" in address.host else address.host
            servers.append(f"    server {host}:{address.port} {share} max_fails=5 fail_timeout=10s;\n")
        several = "    random two least_conn;\n" if len(servers) > 1 else ""
        lines = f"    zone {upstream_of(name)} 64k;\n{several}{''.join(servers)}    keepalive 128;\n"
        yield f"upstream {upstream_of(name)} {{\n{lines}}}\n"


def splits(plan: Plan) -> Iterable[str]:
    """Yield the shares of services among which a route is split, to a hundredth of a per cent."""
    for route in plan.routes:
        weights = split_of(route)
        if not weights:
            continue
        *first, last = weights
        shares = {name: weights[name] / sum(weights.values()) for name in first}
        lines = [
            f"    {share:.2%} {origin_of(plan, name)};\n" for name, share in shares.items() if share >= SMALLEST_SHARE
        ]
        lines.append(f"    * {origin_of(plan, last)};\n")
        yield f'split_clients "$request_id" $ficus_split_{_word(route.name)} {{\n{"".join(lines)}}}\n'


def upstream_of(service: str) -> str:
    return f"ficus_{service}"


def origin_of(plan: Plan, service: str) -> str:
    return f"{'https' if plan.tls_of(service) is not None else 'http'}://{upstream_of(service)}"


def _rewriting(route: Route) -> str:
    terms: Rewrite | None = route.policies.get("rewrite")
    if terms is None:
        return ""
    try:
        pattern, to = rewriting(route, terms, decoded=True)
    except TooManyGroups:
        return ""
    if "$" in to:
        return ""
    return f"rewrite {quoted(pattern)} {quoted(_with_dollars(to))} break;"


def _with_dollars(template: str) -> str:
    """Return the template with nginx's ``$1`` for ``\\1``."""
    parts = template.split("\\")
    return parts[0] + "".join(f"${part}" for part in parts[1:])


def _word(name: str) -> str:
    """Return the name as a variable may be called."""
    return "".join(each if each.isalnum() else f"_{ord(each):x}_" for each in name)
