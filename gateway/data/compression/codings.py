"""The content codings we can make (RFC 9110, section 8.4.1; RFC 8878), each as a stream that keeps but its window."""

import zlib
from collections.abc import Callable
from typing import Protocol

from backports.zstd import CompressionParameter, ZstdCompressor

ZSTD_WINDOW_LOG = 19  # 512 KiB; RFC 9659 lets a browser refuse more than 8 MiB


class Encoder(Protocol):
    """One body's."""

    def compress(self, data: bytes) -> bytes:
        """Return what is ready, which may be nothing yet."""

    def pause(self) -> bytes:
        """Return all that is needed to unpack what was given so far."""

    def finish(self) -> bytes: ...


class Gzip:
    """RFC 1952."""

    __slots__ = ("_made", "compress")

    def __init__(self, level: int) -> None:
        self._made = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        self.compress = self._made.compress

    def pause(self) -> bytes:
        return self._made.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._made.flush()


class Zstd:
    """RFC 8878."""

    __slots__ = ("_made", "compress")

    def __init__(self, level: int) -> None:
        options: dict[int, int] = {
            CompressionParameter.compression_level: level,
            CompressionParameter.window_log: ZSTD_WINDOW_LOG,
        }
        self._made = ZstdCompressor(options=options)
        self.compress = self._made.compress

    def pause(self) -> bytes:
        return self._made.flush(ZstdCompressor.FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self._made.flush(ZstdCompressor.FLUSH_FRAME)


CODINGS: dict[bytes, Callable[[int], Encoder]] = {b"zstd": Zstd, b"gzip": Gzip}
