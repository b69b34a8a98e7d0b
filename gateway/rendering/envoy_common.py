"""What every table says to Envoy: limits, which fields go further, and its own answers as problem documents."""

from collections.abc import Iterable
from typing import Any

from gateway.data.message.refusal import TITLES
from gateway.data.routing.route import Access
from gateway.rendering.plan import Plan

ISSUER = "ficus_issuer"
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
_NAMES = {405: "Method not allowed", 501: "Not implemented", 505: "HTTP version not supported"}

# Fields that clients may not send on: hop-by-hop, of other proxies, and identity that somebody claims for himself.
_DROPPED = (
    "forwarded",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "traceparent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
    "x-request-timeout-ms",
)
_DROPPED_BEGINNINGS = ("x-user-", "x-ficus-", "x-envoy-")
_DROPPED_PATTERN = "x-forwarded-(?:port|prefix|proto-version|server|ssl|client-cert)"
_ANSWER_DROPPED = ("server", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "upgrade")

ROUTING: dict[str, Any] = {
    "name": "ficus",
    "ignore_port_in_host_matching": True,
    "request_headers_to_add": [
        {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for name, value in (
            ("x-forwarded-for", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
            ("x-forwarded-host", "%REQ(:AUTHORITY)%"),
            ("x-forwarded-proto", "%REQ(:SCHEME)%"),
            (
                "forwarded",
                'for="%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%";host="%REQ(:AUTHORITY)%";proto=%REQ(:SCHEME)%',
            ),
        )
    ],
    "response_headers_to_remove": list(_ANSWER_DROPPED),
}


def typed(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    """Return a part of Envoy's configuration that says its own type."""
    return {"name": name, "typed_config": {"@type": f"type.googleapis.com/{kind}", **fields}}


def listener(plan: Plan, routing: dict[str, Any]) -> dict[str, Any]:
    manager = typed(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="ficus",
        codec_type="HTTP1",
        **_READING,
        local_reply_config=_local_replies(),
        route_config=routing,
        http_filters=list(_filters(plan)),
    )
    return {
        "name": "front",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": plan.port}},  # noqa: S104 - as we listen
        "per_connection_buffer_limit_bytes": 65536,
        "filter_chains": [{"filters": [manager]}],
    }


_READING: dict[str, Any] = {
    # One form of a path, and only that goes on; what hides a separator is refused.
    "normalize_path": True,
    "merge_slashes": True,
    "path_with_escaped_slashes_action": "REJECT_REQUEST",
    "common_http_protocol_options": {
        "idle_timeout": "75s",
        "max_headers_count": 100,
        "headers_with_underscores_action": "DROP_HEADER",
    },
    "http_protocol_options": {
        "accept_http_10": True,
        "ignore_http_11_upgrade": [{"safe_regex": {"regex": ".*"}}],
    },
    "max_request_headers_kb": 16,
    "request_headers_timeout": "5s",
    "stream_idle_timeout": "5s",
    # Nobody in front is believed unless the file is changed, and no caller is inside.
    "use_remote_address": True,
    "skip_xff_append": True,
    "internal_address_config": {"cidr_ranges": [{"address_prefix": "192.0.2.255", "prefix_len": 32}]},
    "generate_request_id": True,
    "preserve_external_request_id": True,
    "always_set_request_id_in_response": True,
    "server_header_transformation": "PASS_THROUGH",
}


def _filters(plan: Plan) -> Iterable[dict[str, Any]]:
    mutations = [{"remove": name} for name in _DROPPED]
    matchers: list[dict[str, Any]] = [{"prefix": beginning} for beginning in _DROPPED_BEGINNINGS]
    matchers.append({"safe_regex": {"regex": _DROPPED_PATTERN}})
    removed = [*mutations, *({"remove_on_match": {"key_matcher": matcher}} for matcher in matchers)]
    yield typed(
        "envoy.filters.http.header_mutation",
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        mutations={"request_mutations": removed},
    )
    if any(route.access is not Access.PUBLIC for route in plan.routes) and plan.keys_url:
        yield {**_tokens(plan), "disabled": True}
    buffer = typed("envoy.filters.http.buffer", "envoy.extensions.filters.http.buffer.v3.Buffer", max_request_bytes=1)
    yield {**buffer, "disabled": True}
    yield typed(
        "envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers=True
    )


def _tokens(plan: Plan) -> dict[str, Any]:
    provider = {
        "issuer": plan.issuer,
        "audiences": [plan.audience],
        "forward": True,
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "require_expiration": True,
        "remote_jwks": {
            "http_uri": {"uri": plan.keys_url, "cluster": ISSUER, "timeout": "1s"},
            "cache_duration": "300s",
        },
    }
    return typed(
        "envoy.filters.http.jwt_authn",
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={"issuer": provider},
        requirement_map={
            Access.SIGNED_IN.value: {"provider_name": "issuer"},
            Access.OPTIONAL.value: {
                "requires_any": {"requirements": [{"provider_name": "issuer"}, {"allow_missing": {}}]}
            },
        },
    )


def _local_replies() -> dict[str, Any]:
    """Return how Envoy's own answers are put into words (RFC 9457), a service's failures told apart."""
    statuses = sorted({*TITLES, *_NAMES})
    broken = {"response_flag_filter": {"flags": ["UC", "UR", "UPE"]}}
    mappers = [{"filter": broken, "status_code": 502, "body_format_override": _document(502)}]
    mappers += [{"filter": _answered(status), "body_format_override": _document(status)} for status in statuses]
    return {"mappers": mappers, "body_format": _document(0)}


def _answered(status: int) -> dict[str, Any]:
    value = {"default_value": status, "runtime_key": "ficus.no_such_key"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _document(status: int) -> dict[str, Any]:
    titles = {**_NAMES, **TITLES}
    return {
        "json_format": {
            "type": "about:blank",
            "title": titles.get(status, "Refused"),
            "status": status or "%RESPONSE_CODE%",
            "detail": "%LOCAL_REPLY_BODY%",
            "request_id": "%REQ(X-REQUEST-ID)%",
        },
        "content_type": "application/problem+json",
    }
