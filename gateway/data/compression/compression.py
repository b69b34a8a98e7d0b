"""One answer that may be compressed: whether it is worth it, what its head says then, and its body piece by piece."""

from typing import TYPE_CHECKING

from gateway.data.alteration import varying
from gateway.data.compression.codings import CODINGS, Encoder

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request
    from gateway.data.policies.compress import Compress

# What no longer holds for a body in another coding (RFC 9530; RFC 9110, section 14.3).
_UNTRUE = frozenset((b"accept-ranges", b"content-digest", b"content-md5", b"digest", b"repr-digest"))


class Compression:
    """
    Made for each request whose route compresses; :meth:`begin` decides.

    :ivar coding: that the client prefers, or empty.
    """

    __slots__ = ("_encoder", "_is_active", "_is_relevant", "_streams", "_terms", "coding")

    def __init__(self, terms: "Compress", coding: bytes) -> None:
        self.coding = coding
        self._terms = terms
        self._encoder: Encoder | None = None
        self._is_relevant = self._is_active = self._streams = False

    def begin(self, request: "Request", status: int, fields: "list[Field]", length: int | None) -> bool:
        """Return whether the body goes through :meth:`encode`, piece by piece; the parameters are as of ``decide``."""
        if self.decide(request, status, fields, length) and request.method != b"HEAD":
            self._encoder = CODINGS[self.coding](self._terms.level)
        self._streams = length is None
        return self._is_active

    def decide(self, request: "Request", status: int, fields: "list[Field]", length: int | None) -> bool:
        """
        Return whether the body is to be encoded.

        :param length: of the body, or None if it is not known beforehand.
        """
        said = dict(fields)
        self._is_relevant = status == 304 or self._concerns(status, said, length)
        self._is_active = self._is_relevant and bool(self.coding) and status != 304
        return self._is_active

    def encode(self, data: bytes) -> bytes:
        return self._encoder.compress(data) if self._encoder is not None else data

    def pause(self) -> bytes:
        """Return what has gathered, if the body is one that comes as it is made and for which somebody may wait."""
        return self._encoder.pause() if self._encoder is not None and self._streams else b""

    def finish(self) -> bytes:
        encoder, self._encoder = self._encoder, None
        return encoder.finish() if encoder is not None else b""

    def whole(self, body: bytes) -> bytes:
        """Return a body that is at hand, encoded."""
        encoder = CODINGS[self.coding](self._terms.level)
        return encoder.compress(body) + encoder.finish()

    def alter(self, request: "Request", status: int, fields: "list[Field]") -> "list[Field]":
        """Say in the head what is done to the body; an answer that others would get encoded varies too."""
        if not self._is_relevant:
            return fields
        fields = varying(fields, b"Accept-Encoding")
        if not self.coding:
            return fields
        fields = [(name, _weakened(value) if name == b"etag" else value) for name, value in fields]
        if self._is_active:
            fields = [field for field in fields if field[0] not in _UNTRUE]
            fields.append((b"content-encoding", self.coding))
        return fields

    def _concerns(self, status: int, said: "dict[bytes, bytes]", length: int | None) -> bool:
        """Say whether the answer is one to be compressed, for clients that can unpack it."""
        if status in (204, 206) or b"content-encoding" in said or b"content-range" in said:
            return False
        if length is not None and length < self._terms.least_bytes:
            return False
        if b"no-transform" in said.get(b"cache-control", b"").lower():
            return False
        return self._terms.is_for(said.get(b"content-type", b"").partition(b";")[0].strip().lower())


def _weakened(etag: bytes) -> bytes:
    """Return the validator of what means the same and is not the same byte by byte (RFC 9110, section 8.8.1)."""
    return etag if etag.startswith(b"W/") else b"W/" + etag
