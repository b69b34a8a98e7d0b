"""
The gateway's own certificates: one for each name that clients ask for, read again when their files change.

A set with a mistake is refused as a whole, and the last good one serves on.
"""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

WARN_BEFORE = timedelta(days=21)
Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate with those that stand behind it, and its key; both PEM, the key without a password."""

    certificate: str
    key: str


class BadCertificates(Exception):
    """
    The files cannot be used.

    :ivar mistakes: every one.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = list(mistakes)


class Certificates:
    """
    What a worker shows its clients.

    :ivar context: for the listening sockets; it stays, what it chooses from changes.
    :ivar trouble: why the files as they are now are not in use, or empty.
    """

    def __init__(self, files: Sequence[Files]) -> None:
        self.trouble = ""
        self.context = _context()
        self.context.sni_callback = self._choose
        self._files = files
        self._stamp: Stamp | None = None
        self._by_name: Mapping[str, ssl.SSLContext] = {}
        self._first: ssl.SSLContext | None = None

    def reload_if_changed(self) -> bool:
        """Read the files again if they are not as they were; say whether others are in use now."""
        stamp = stamp_of(path for each in self._files for path in (each.certificate, each.key))
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            contexts = loaded(self._files)
        except BadCertificates as error:
            self.trouble = str(error)
            return False
        self.trouble = ""
        self._first = contexts[0][1]
        # The first that has a name is shown for it.
        self._by_name = {name: context for names, context in reversed(contexts) for name in names}
        return True

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        """Take the certificate for the name (RFC 6066, section 3), else the first; called for each handshake."""
        asked = (name or "").lower()
        chosen = self._by_name.get(asked) or self._by_name.get("*." + asked.partition(".")[2]) or self._first
        if chosen is None:
            return int(ssl.AlertDescription.ALERT_DESCRIPTION_INTERNAL_ERROR)
        connection.context = chosen
        return None


def loaded(files: Sequence[Files]) -> list[tuple[list[str], ssl.SSLContext]]:
    """
    Return the names of each certificate and what shows it.

    :raises BadCertificates: if a file is not there or wrong, or a key belongs to another certificate.
    """
    found, mistakes = [], []
    for each in files:
        context = _context()
        try:
            context.load_cert_chain(each.certificate, each.key, password=lambda: b"")
            found.append((names_of(_read(each.certificate)), context))
        except (OSError, ValueError) as error:
            mistakes.append(f"{each.certificate} with {each.key}: {getattr(error, 'strerror', '') or error}")
    if mistakes:
        raise BadCertificates(mistakes)
    return found


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the host names that it is for, in lower case; one may begin with ``*.``."""
    try:
        alternatives = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        return []
    assert isinstance(alternatives, x509.SubjectAlternativeName)  # noqa: S101 - by its identifier
    return [name.lower() for name in alternatives.get_values_for_type(x509.DNSName)]


def expiring(files: Iterable[str], now: datetime | None = None, *, authorities: Iterable[str] = ()) -> list[str]:
    """
    Return what an operator should know of the certificates' dates, those that have passed first.

    :param authorities: files of which the one certificate that ends last matters.
    """
    now = now or datetime.now(UTC)
    passed, soon = [], []
    for path, read in [*((each, _read) for each in files), *((each, _read_last) for each in authorities)]:
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


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325, section 3.1.1
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(path: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(path).read_bytes())


def _read_last(path: str) -> x509.Certificate:
    """Return of several certificates the one that ends last."""
    return max(x509.load_pem_x509_certificates(Path(path).read_bytes()), key=lambda each: each.not_valid_after_utc)


def stamp_of(paths: Iterable[str]) -> Stamp:
    """Return what is another when one of the files is."""
    return tuple(_stamp(Path(path)) for path in paths)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino
