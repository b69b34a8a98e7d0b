"""
What ``/metrics`` answers, and to whom: the counts of all workers of this server, and where its service stands, in
Prometheus' formats.
"""

import hmac
import os
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ficus.telemetry.metric_files import VARIABLE

Network = IPv4Network | IPv6Network


def exposition(accept: str, *more: Collector) -> tuple[bytes, str]:
    """Return all that is counted, and what ``more`` find, with its media type, by what the reader accepts."""
    registry = CollectorRegistry()
    if os.environ.get(VARIABLE):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    for collector in more:
        registry.register(collector)
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


def may_read(headers: Mapping[str, str], address: str, *, allowed: Sequence[str], token: str) -> bool:
    """
    Say whether somebody may read the metrics: by the token, or since he and every proxy between are where he may be.

    :param address: of the peer.
    :param token: empty if there is none.
    """
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return True
    told = headers.get("X-Forwarded-For", "")
    chain = [address, *(each.strip() for each in told.split(",") if told)]
    networks = [ip_network(network) for network in allowed]
    return all(_is_in(each, networks) for each in chain)


def _is_in(address: str, allowed: Sequence[Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in allowed)
