"""The table for nginx 1.18 or later, with what Debian's package has and no further modules."""

from collections.abc import Iterable

from gateway.rendering import places
from gateway.rendering.nginx_common import COMMON, REFUSING, problem_locations, quoted
from gateway.rendering.nginx_conditions import Conditions
from gateway.rendering.nginx_places import Dispatch, locations
from gateway.rendering.nginx_routes import losses_of, splits, upstreams
from gateway.rendering.plan import Plan, Rendered, heading


def render(plan: Plan) -> Rendered:
    """Return what belongs in nginx's ``http`` block, such as a file in ``conf.d``."""
    conditions = Conditions(plan.routes)
    dispatch = Dispatch(plan, conditions)
    servers = [_server(plan, host, dispatch) for host in places.hosts_in(plan.routes)]
    losses = (*(loss for route in plan.routes for loss in losses_of(route, plan)), *conditions.losses())
    parts = [
        heading("nginx", plan, losses),
        COMMON,
        _trust(plan),
        *upstreams(plan),
        *splits(plan),
        *conditions.maps(),
        *dispatch.maps,
        *servers,
    ]
    return Rendered("\n".join(parts), losses)


def _trust(plan: Plan) -> str:
    lines = "".join(f"    {network} 1;\n" for network in plan.trusted_hops)
    return f"# Proxies in front whose X-Forwarded-* are believed.\ngeo $ficus_trusted {{\n    default 0;\n{lines}}}\n"


def _server(plan: Plan, host: bytes, dispatch: Dispatch) -> str:
    routes = places.for_host(plan.routes, host)
    name = quoted(host.decode()) if host else "_"
    listen = f"{plan.port}" if host else f"{plan.port} default_server"
    lines = [f"server {{\n    listen {listen};\n    server_name {name};\n", REFUSING]
    lines += _indented(locations(routes, dispatch))
    lines += _indented(problem_locations())
    return "\n".join([*lines, "}\n"])


def _indented(blocks: Iterable[str]) -> list[str]:
    return ["".join(f"    {line}\n" for line in block.splitlines()) for block in blocks]
