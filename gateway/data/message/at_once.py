"""An answer that is at hand, such as a kept one or that to a preflight request: no service is asked for it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.data.message.refusal import Refusal, problem

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request


class AtOnce(Refusal):
    """
    Raised by a policy, it ends the judging of a request as a refusal does, and is written as it is.

    :ivar body: as it goes to the client, but for HEAD, to which none goes.
    """

    def __init__(self, status: int, fields: "Iterable[Field]", body: bytes = b"") -> None:
        super().__init__(status, "", "", headers=tuple(fields))
        self.body = body


def own_words(refusal: Refusal, request: "Request | None") -> "tuple[int, tuple[Field, ...], bytes]":
    """Return status, fields and body of what the gateway says instead of a service."""
    if refusal.location:
        return 303, ((b"location", refusal.location),), b""
    if isinstance(refusal, AtOnce):
        return refusal.status, refusal.headers, refusal.body
    media_type = (b"content-type", b"application/problem+json")
    return refusal.status, (media_type, *refusal.headers), problem(refusal, request)
