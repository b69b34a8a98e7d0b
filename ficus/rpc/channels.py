"""The process's channels, one per address, opened at the first call and never carried through a fork."""

import json
import os
import threading
from typing import Any

from ficus.resilience.terms import RetryTerms
from ficus.rpc import security
from ficus.rpc.methods import Method

# semantics section 2
DEFAULT_RETRY = RetryTerms(first_pause_seconds=0.05, longest_pause_seconds=0.5)
BALANCED: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
OPTIONS = (
    # A service that comes back is found within a second or two, not after gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # How long one attempt to connect may take, too: at 100 ms a busy machine, let alone TLS, is taken for one away.
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)
RETIRED_SECONDS = 60.0  # longer than any call may take
MAX_TOKENS = 10
LEAST_RATIO = 0.001
# gRPC 1.85.1 never ends a stream, whatever its deadline, if it may be retried and its server dies before it answers.
FOR_STREAMS = (("grpc.service_config", json.dumps(BALANCED)), ("grpc.enable_retries", 0))
_lock = threading.Lock()
_open: dict[tuple[int, str, RetryTerms, str], tuple[int, "Channel"]] = {}


def for_single_answers(retry: RetryTerms) -> tuple[tuple[str, Any], ...]:
    """Return the options by which gRPC tries again (gRFC A6); it honours a server's push-back by itself."""
    if retry.attempts == 1:
        return (("grpc.service_config", json.dumps(BALANCED)), ("grpc.enable_retries", 0))
    policy = {
        "maxAttempts": retry.attempts,
        "initialBackoff": f"{retry.first_pause_seconds:g}s",
        "maxBackoff": f"{retry.longest_pause_seconds:g}s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    retried = {
        "methodConfig": [{"name": [{}], "retryPolicy": policy}],
        # Its budget: a failure costs a token, a success gives the share of one back; with half of them gone it stops.
        "retryThrottling": {"maxTokens": MAX_TOKENS, "tokenRatio": max(retry.share, LEAST_RATIO)},
    }
    return (("grpc.service_config", json.dumps(retried | BALANCED)), ("grpc.enable_retries", 1))


class Channel:
    """What leads to one address, and the calls made ready on it. Streams have a connection of their own."""

    def __init__(self, address: str, retry: RetryTerms = DEFAULT_RETRY, name: str = "") -> None:
        self._single = security.channel(address, (*OPTIONS, *for_single_answers(retry)), name)
        self._streaming = security.channel(address, (*OPTIONS, *FOR_STREAMS), name)
        self._calls: dict[str, Any] = {}

    def call(self, method: Method) -> Any:
        """Return gRPC's own callable for the method."""
        ready = self._calls.get(method.path)
        if ready is None:
            make = self._streaming.unary_stream if method.streams else self._single.unary_unary
            ready = make(method.path, request_serializer=method.write, response_deserializer=method.read)
            self._calls[method.path] = ready
        return ready

    def close(self) -> None:
        self._single.close()
        self._streaming.close()


def channel_to(address: str, retry: RetryTerms = DEFAULT_RETRY, name: str = "") -> Channel:
    """
    Return this process's channel to ``host:port``, opening it if need be; nothing is sent yet.

    :param name: under which the other side has to show itself by TLS; empty for its host.
    :raises BadCertificates: if it is to be by TLS, and our own files cannot be used.
    """
    key = (os.getpid(), address, retry, name)
    version = security.version()
    with _lock:
        known = _open.get(key)
        if known is not None and known[0] == version:
            return known[1]
        _open[key] = version, (opened := Channel(address, retry, name))
    if known is not None:
        _close_later(known[1])
    return opened


def _close_later(channel: Channel) -> None:
    """Close a channel that shows an older certificate, once what has been asked on it has been answered."""
    closing = threading.Timer(RETIRED_SECONDS, channel.close)
    closing.daemon = True
    closing.start()


def close_all() -> None:
    """Close this process's channels; the next call opens new ones."""
    with _lock:
        for key in [key for key in _open if key[0] == os.getpid()]:
            _open.pop(key)[1].close()
