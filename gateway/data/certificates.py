"""
The gateway's own certificates: one for each name that clients ask for, read again when their files change.

A set with a mistake is refused as a whole, and the last good one serves on.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from ficus.tls.files import BadCertificates, Stamp, read_first, stamp_of
from ficus.tls.identity import plain


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate with those that stand behind it, and its key; both PEM, the key without a password."""

    certificate: str
    key: str


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
            found.append((names_of(read_first(each.certificate)), context))
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


def _context() -> ssl.SSLContext:
    return plain(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
