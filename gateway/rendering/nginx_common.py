"""What every table says to nginx: limits, which fields go further, and its own answers as problem documents."""

import json
from collections.abc import Iterable

from gateway.data.message.refusal import TITLES
from gateway.rendering.expressions import CLIMBING, HOST, PATH

PROBLEMS = {
    400: "The request is malformed.",
    401: "A token is needed here.",
    404: "There is nothing at this address.",
    405: "This method is not served here.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    414: "The address is too long.",
    417: "The only expectation here is 100-continue.",
    431: "The header is too large.",
    501: "This is not known here.",
    502: "The service failed.",
    503: "The service cannot be reached.",
    504: "The service did not answer in time.",
    505: "HTTP/1.1 is spoken here.",
}
_NAMES = {405: "Method not allowed", 501: "Not implemented", 505: "HTTP version not supported"}

# Fields that clients may not send on: hop-by-hop, of other proxies, and identity that somebody claims for himself.
# nginx cannot take away fields by the beginning of their names, so those of identity are named one by one.
DROPPED = (
    "HTTP2-Settings",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto-Version",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Original-URL",
    "X-Real-IP",
    "X-Rewrite-URL",
    "X-User",
    "X-User-Email",
    "X-User-Id",
    "X-User-Name",
    "X-User-Roles",
    "X-User-Scopes",
    "X-Ficus-Identity",
    "X-Ficus-Mirrored",
    "X-Ficus-Roles",
    "X-Ficus-User",
)


def quoted(text: str) -> str:
    """Return the text as one word of a configuration; variables in it stay variables."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def refusing(status: int) -> str:
    """Return the directive that answers with a problem document (RFC 9457)."""
    document = {
        "type": "about:blank",
        "title": TITLES.get(status) or _NAMES[status],
        "status": status,
        "detail": PROBLEMS[status],
        "request_id": "$ficus_request_id",
    }
    return f"return {status} '{json.dumps(document)}';"


def problem_locations() -> Iterable[str]:
    """Yield where nginx's own refusals are put into words; after most of them the connection ends."""
    for status in (400, 405, 408, 413, 414, 417, 431, 501, 502, 503, 504, 505):
        ends = "" if status in (502, 503, 504) else "    keepalive_timeout 0;\n"
        yield f"location = /-problem/{status} {{\n    internal;\n{ends}    {refusing(status)}\n}}"
    yield f"location @nobody {{\n    {refusing(404)}\n}}"


def _map(source: str, name: str, *lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"map {source} {name} {{\n{body}}}\n"


_ADDRESS = "(?:(?i:https?)://[^/?# ]*)?"
_VERDICTS = _map(
    # The request line as it came.
    "$request",
    "$ficus_verdict",
    "default 400;",
    '"~^(?:TRACE|CONNECT) " 405;',
    '"~^(?!(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) )[A-Z-]+ [^ ]+ HTTP/1[.][01]$" 501;',
    '"~^[A-Z-]+ [^ ]+ HTTP/(?!1[.][01]$)[0-9](?:[.][0-9])?$" 505;',
    '"~^[A-Z]+ [^ ]{4097,} HTTP/1[.][01]$" 414;',
    f"{quoted(f'~^[A-Z]+ {_ADDRESS}[^?]*{CLIMBING}')} 400;",
    f"{quoted(f'~^[A-Z]+ (?:{_ADDRESS}/{PATH}|{_ADDRESS[:-1]})(?:[?][^# ]*)? HTTP/1[.][01]$')} 0;",
)
_EXPECTATIONS = _map("$http_expect", "$ficus_expects_more", "default 1;", '"" 0;', '"~*^100-continue$" 0;')
_HOSTS = _map(
    '"$host $http_host"',
    "$ficus_host_is_good",
    "default 0;",
    f'"~^(?<ficus_named>.+) (?={HOST.replace(chr(92), chr(92) * 2)}$)(?i:\\\\k<ficus_named>)(?::[0-9]+)?$" 1;',
)

COMMON = "\n".join(
    (
        "variables_hash_max_size 16384;\nvariables_hash_bucket_size 256;\nmap_hash_max_size 16384;\n"
        "map_hash_bucket_size 512;\nserver_names_hash_max_size 4096;\nserver_names_hash_bucket_size 512;\n",
        "# What is read of a client, and for how long it is waited.\n"
        "server_tokens off;\ndefault_type application/problem+json;\nclient_header_buffer_size 1k;\n"
        "large_client_header_buffers 1 16k;\nclient_header_timeout 5s;\nclient_body_timeout 5s;\nsend_timeout 10s;\n"
        "keepalive_timeout 75s;\nkeepalive_requests 100000;\n"
        "underscores_in_headers off;\nignore_invalid_headers on;\nmerge_slashes on;\nmsie_padding off;\n",
        "# How services are asked: streaming both ways, and nothing in their answers tells nginx what to do.\n"
        "proxy_http_version 1.1;\nproxy_buffering off;\nproxy_request_buffering off;\nproxy_redirect off;\n"
        "proxy_connect_timeout 250ms;\nproxy_send_timeout 10s;\nproxy_next_upstream error;\n"
        "proxy_next_upstream_tries 2;\nproxy_buffer_size 16k;\nproxy_buffers 4 16k;\nproxy_busy_buffers_size 32k;\n"
        "proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset;\n"
        "proxy_hide_header X-Request-ID;\nproxy_hide_header Keep-Alive;\nproxy_hide_header Proxy-Authenticate;\n"
        "proxy_hide_header Proxy-Connection;\nproxy_hide_header TE;\nproxy_hide_header Trailer;\n"
        "proxy_hide_header Upgrade;\nadd_header X-Request-ID $ficus_request_id always;\n",
        "# Which fields go further.",
        'proxy_set_header Host $http_host;\nproxy_set_header Connection "";\n'
        "proxy_set_header Cookie $http_cookie;\n"
        "proxy_set_header X-Forwarded-For $ficus_forwarded_for;\n"
        "proxy_set_header X-Forwarded-Proto $ficus_forwarded_proto;\n"
        "proxy_set_header X-Forwarded-Host $ficus_forwarded_host;\nproxy_set_header Forwarded $ficus_forwarded;\n"
        "proxy_set_header X-Request-ID $ficus_request_id;\nproxy_set_header traceparent $ficus_traceparent;\n"
        "proxy_set_header X-Request-Timeout-Ms $ficus_timeout_ms;",
        "".join(f'proxy_set_header {name} "";\n' for name in DROPPED),
        _map(
            '"$ficus_trusted $http_x_forwarded_for"',
            "$ficus_forwarded_for",
            "default $remote_addr;",
            '"~^1 .+" $proxy_add_x_forwarded_for;',
        ),
        _map(
            '"$ficus_trusted $http_x_forwarded_proto"',
            "$ficus_forwarded_proto",
            "default $scheme;",
            '"1 http" http;',
            '"1 https" https;',
        ),
        _map(
            '"$ficus_trusted $http_x_forwarded_host"',
            "$ficus_forwarded_host",
            "default $http_host;",
            '"~^1 (?<ficus_told_host>.+)$" $ficus_told_host;',
        ),
        _map("$http_host", "$ficus_node_host", "default $http_host;", '~: "\\"$http_host\\"";'),
        _map("$remote_addr", "$ficus_node", "default $remote_addr;", '~: "\\"[$remote_addr]\\"";'),
        _map(
            '"$ficus_trusted $http_forwarded"',
            "$ficus_forwarded",
            'default "for=$ficus_node;host=$ficus_node_host;proto=$scheme";',
            '"~^1 (?<ficus_told>.+)$" "$ficus_told, for=$ficus_node;host=$ficus_node_host;proto=$scheme";',
        ),
        _map(
            "$http_x_request_id",
            "$ficus_request_id",
            "default $request_id;",
            '"~^[A-Za-z0-9._-]{1,64}$" $http_x_request_id;',
        ),
        _map("$request_id", "$ficus_span", "default 0000000000000001;", '"~(?<ficus_half>.{16})$" $ficus_half;'),
        _map(
            '"$ficus_trusted $http_traceparent"',
            "$ficus_traceparent",
            'default "00-$request_id-$ficus_span-01";',
            '"~^1 (?<ficus_trace>00-[0-9a-f-]{52})$" $ficus_trace;',
        ),
        _map("$upstream_connect_time", "$ficus_failure", "default 502;", '"~-$" 503;'),
        "# What two parsers could read differently is refused, as far as nginx shows it.",
        _VERDICTS,
        _HOSTS,
        _EXPECTATIONS,
    )
)

REFUSING = "".join(
    f"    {line}\n"
    for line in (
        "set $ficus_timeout_ms 4980;",
        "if ($ficus_verdict) { rewrite ^ /-problem/$ficus_verdict last; }",
        "if ($ficus_host_is_good = 0) { rewrite ^ /-problem/400 last; }",
        "if ($ficus_expects_more) { rewrite ^ /-problem/417 last; }",
        "error_page 400 /-problem/400;",
        "error_page 405 /-problem/405;",
        "error_page 408 /-problem/408;",
        "error_page 413 /-problem/413;",
        "error_page 414 /-problem/414;",
        "error_page 494 =431 /-problem/431;",
        "error_page 501 /-problem/501;",
        "error_page 502 = /-problem/$ficus_failure;",
        "error_page 504 /-problem/504;",
        "error_page 505 /-problem/505;",
    )
)
