"""Who a process is to the other parts of the system, and what the standard library makes of it."""

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ficus.tls.files import BadCertificates, in_words


@dataclass(frozen=True, slots=True)
class Identity:
    """
    PEM files, by their paths.

    :ivar ca: the authorities whose word is believed of the others.
    :ivar certificate: that is shown to the others, with those that stand behind it.
    :ivar key: of that certificate, without a password.
    """

    ca: str
    certificate: str
    key: str

    @property
    def files(self) -> tuple[str, ...]:
        return self.ca, self.certificate, self.key

    @classmethod
    def of(cls, name: str, directory: Path) -> Self:
        """Return where the files of ``name`` are, if it is in ``directory`` that ``ficus.tls.authority`` makes them."""
        return cls(str(directory / "ca.pem"), str(directory / f"{name}.pem"), str(directory / f"{name}.key"))


def server_context(identity: Identity) -> ssl.SSLContext:
    """
    Return what lets in those alone whom the authorities vouch for.

    :raises BadCertificates: if a file is not there or wrong, or the key belongs to another certificate.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, identity)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(identity: Identity) -> ssl.SSLContext:
    """
    Return what asks those alone whom the authorities vouch for, by the name that is given for each connection.

    :raises BadCertificates: as :func:`server_context`.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, identity)  # looks at chain and name
    context.hostname_checks_common_name = False  # RFC 9525, section 2
    return context


def load(*attempts: tuple[str, Callable[[], object]]) -> None:
    """
    Read files, each under the words that name it.

    :raises BadCertificates: with every mistake.
    """
    mistakes = [f"{words}: {fault}" for words, fault in ((words, _fault(read)) for words, read in attempts) if fault]
    if mistakes:
        raise BadCertificates(mistakes)


def plain(context: ssl.SSLContext, protocols: Iterable[str] = ("http/1.1",)) -> ssl.SSLContext:
    """Have the context speak as we do everywhere: 1.2 at least, no renegotiation, no compression."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325, section 3.1.1
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols([*protocols])
    return context


def _context(protocol: int, identity: Identity) -> ssl.SSLContext:
    context = plain(ssl.SSLContext(protocol))
    load(
        (identity.ca, lambda: context.load_verify_locations(identity.ca)),
        (
            f"{identity.certificate} with {identity.key}",
            lambda: context.load_cert_chain(identity.certificate, identity.key, password=lambda: b""),
        ),
    )
    return context


def _fault(read: Callable[[], object]) -> str:
    try:
        read()
    except (OSError, ValueError) as error:
        return in_words(error)
    return ""
