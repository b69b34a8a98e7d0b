"""Every app at once, for the type checker alone: no process runs with these settings."""

from typing import Any

from config.monolith.settings import *  # noqa: F403 - Django's own idiom for layered settings
from config.monolith.settings import INSTALLED_APPS as MONOLITH_APPS

INSTALLED_APPS = [*MONOLITH_APPS, "ficus.auth", "unfold.apps.BasicAppConfig", "gateway.control", "gateway.console"]
# The gateway's own, whose file cannot be read beside the monolith's: each seals the environment when it is done.
UPSTREAMS: dict[str, list[str]] = {}
UPSTREAM_NETWORKS: list[str] = []
UPSTREAM_HOSTS: list[str] = []
TRUSTED_HOPS: list[str] = []
TLS_FILES: list[str] = []
UPSTREAM_TLS: dict[str, dict[str, str]] = {}
CERTIFICATES: dict[str, Any] = {}
TLS_PORTS: list[int] = []
CACHE_BYTES = 0
GATEWAY_WORKERS = 1
