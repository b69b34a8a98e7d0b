"""Certificates as they lie in files: whether they can be used, whether they have changed, and when they end."""

import ssl
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

WARN_BEFORE = timedelta(days=21)
Stamp = tuple[tuple[int, int, int], ...]


class BadCertificates(Exception):
    """
    The files cannot be used.

    :ivar mistakes: every one.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = list(mistakes)


def stamp_of(paths: Iterable[str]) -> Stamp:
    """Return what is another when one of the files is."""
    return tuple(_stamp(Path(path)) for path in paths)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def expiring(files: Iterable[str], now: datetime | None = None, *, authorities: Iterable[str] = ()) -> list[str]:
    """
    Return what an operator should know of the certificates' dates, those that have passed first.

    :param authorities: files of which the one certificate that ends last matters.
    """
    now = now or datetime.now(UTC)
    passed, soon = [], []
    for path, read in [*((each, read_first) for each in files), *((each, _read_last) for each in authorities)]:
        try:
            certificate = read(path)
        except (OSError, ValueError):
            continue  # said elsewhere
        ends = certificate.not_valid_after_utc
        if ends <= now:
            passed.append(f"The certificate {path} expired on {ends:%Y-%m-%d}.")
        elif certificate.not_valid_before_utc > now:
            passed.append(f"The certificate {path} holds only from {certificate.not_valid_before_utc:%F} on.")
        elif ends <= now + WARN_BEFORE:
            soon.append(f"The certificate {path} expires on {ends:%Y-%m-%d}, in {(ends - now).days} days.")
    return passed + soon


def in_words(error: Exception) -> str:
    """Return what went wrong with a file or a connection, as an operator reads it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return getattr(error, "strerror", "") or str(error)


def read_first(path: str) -> "x509.Certificate":
    """
    Return the first certificate of a file, the one that is shown.

    :raises OSError: if it cannot be read.
    :raises ValueError: if it is none.
    """
    from cryptography import x509  # slow to import, and what only shows certificates does without

    return x509.load_pem_x509_certificate(Path(path).read_bytes())


def _read_last(path: str) -> "x509.Certificate":
    """Return of several certificates the one that ends last."""
    from cryptography import x509

    return max(x509.load_pem_x509_certificates(Path(path).read_bytes()), key=lambda each: each.not_valid_after_utc)
