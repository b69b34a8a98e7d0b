import pytest

from gateway.data.compression.negotiation import preferred

OURS = (b"zstd", b"gzip")


class TestPreferred:
    @pytest.mark.parametrize(
        ("accepted", "coding"),
        [
            (b"gzip", b"gzip"),
            (b"gzip, deflate, br, zstd", b"zstd"),
            (b"zstd;q=0.5, gzip;q=0.8", b"gzip"),
            (b"GZIP", b"gzip"),
            (b"x-gzip", b"gzip"),
            (b"gzip ; q=0.001", b"gzip"),
            (b"*", b"zstd"),
            (b"*;q=0.1, zstd;q=0", b"gzip"),
            (b"gzip;q=1.0", b"gzip"),
            (b"gzip;Q=0.3", b"gzip"),
            (b"identity, gzip", b"gzip"),
            (b"identity;q=0, gzip;q=0.2", b"gzip"),
            (b"br, gzip;q=0", b""),
            (b"identity;q=0.5, gzip;q=0.4", b""),
            (b"*;q=0", b""),
            (b"", b""),
            (None, b""),
            (b"deflate, br", b""),
            (b"gzip;q=2", b""),
            (b"gzip;q=abc", b""),
            (b"gzip;q=0.0001", b""),
            (b"gzip;q=", b""),
            (b"gz ip", b""),
            (b",,gzip,", b"gzip"),
        ],
    )
    def test_weighs_what_the_client_says(self, accepted: bytes | None, coding: bytes) -> None:
        assert preferred(accepted, OURS) == coding

    def test_keeps_to_what_we_offer(self) -> None:
        assert preferred(b"zstd, gzip;q=0.1", (b"gzip",)) == b"gzip"
