"""First policy: reduce the request to the one form in which it is matched, checked and passed on."""

import re
from functools import lru_cache

from gateway.data.message.fields import sift
from gateway.data.message.path import canonical, is_plain
from gateway.data.message.refusal import Refusal, malformed
from gateway.data.message.request import Request
from gateway.data.message.trace import identify

_HOST = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@lru_cache(maxsize=1024)
def _names_a_host(value: bytes) -> bool:
    """Say whether a Host header names a host; most requests have one of a few."""
    return _HOST.fullmatch(value) is not None


def canonicalise(request: Request) -> None:
    """
    Set path, query, fields and ids from what the client sent; identity that it claims for itself is gone afterwards.

    :raises Refusal: if the message could be read in two ways.
    """
    sift(request)
    gateway = request.gateway
    identify(request, trusted=request.peer.trusted, sampled_share=gateway.sampled_share)
    host = request.fields.get(b"host")
    if host is None or not _names_a_host(host):
        raise malformed("bad_host", "There must be one Host header, and it must name a host.")
    if b"#" in request.query or not is_plain(request.path):
        request.path, request.query = canonical(request.target, host)
    expect = request.fields.get(b"expect")
    if expect is not None and expect.lower() != b"100-continue":
        raise Refusal(417, "unknown_expectation", "The only expectation here is 100-continue.", closes=True)
