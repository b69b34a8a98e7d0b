"""Where services may be, by the settings."""

from functools import lru_cache

from django.conf import settings

from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import Destinations


def destinations() -> Destinations:
    """Return the allow-list; what settings.UPSTREAMS names is on it, since whoever runs the gateway wrote that."""
    urls = sorted(url for addresses in settings.UPSTREAMS.values() for url in addresses)
    return _made(tuple(settings.UPSTREAM_NETWORKS), tuple(settings.UPSTREAM_HOSTS), tuple(urls))


@lru_cache(maxsize=8)
def _made(networks: tuple[str, ...], hosts: tuple[str, ...], urls: tuple[str, ...]) -> Destinations:
    addresses = [Address(url) for url in urls]
    return Destinations.of(networks, hosts, [(each.host, each.port) for each in addresses])
