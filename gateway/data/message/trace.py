"""Request ids and W3C trace context, without the SDK: most requests pay for a few random digits and nothing else."""

import re
from binascii import hexlify
from random import getrandbits, random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.data.message.request import Request

_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_ODD: Final = b"13579bdf"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def identify(request: "Request", *, trusted: bool, sampled_share: float) -> None:
    """
    Give the request its id and its place in a trace.

    A trusted caller's trace goes on. Anyone else gets a fresh one, and his own is remembered as a link.
    """
    digits = hexlify(getrandbits(192).to_bytes(24, "big"))  # all for both ids: one look at the generator instead of two
    caller = request.fields.get(b"traceparent", b"")
    parent = _TRACEPARENT.fullmatch(caller) if caller else None
    if parent is not None and trusted:
        request.trace_id, request.trace_flags = parent[1], parent[3]
    else:
        request.trace_id = digits[:32]
        if sampled_share and random() < sampled_share:  # noqa: S311 - a share, not a secret
            request.trace_flags = b"01"
    if parent is not None:
        request.caller_trace = caller
    request.span_id = digits[32:]
    given = request.fields.get(b"x-request-id", b"")
    request.id = given if given and _REQUEST_ID.fullmatch(given) else request.trace_id


def traceparent(request: "Request") -> bytes:
    return b"00-%b-%b-%b" % (request.trace_id, request.span_id, request.trace_flags)


def is_sampled(request: "Request") -> bool:
    """Say whether the trace is kept: the lowest bit of its flags (W3C Trace Context, section 3.2.2.5.1)."""
    return request.trace_flags[-1] in _ODD
