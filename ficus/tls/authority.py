"""
A development authority of one's own, and the certificates that it issues, in one directory.

It makes what is missing and what it is told to renew. What another authority has made is never written over, and keys
are readable by their owner alone. A file is replaced as a whole; a key before its certificate, so that whoever reads
between the two finds that they do not belong together, and stays with what he has.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ficus.tls.files import read_first

OURS = "Ficus development authority"
AUTHORITY_DAYS = 3650
LEAF_DAYS = 90
RENEW_BEFORE = timedelta(days=LEAF_DAYS // 3)
BACKDATED = timedelta(minutes=5)  # for clocks that are behind
# What RFC 5280, section 4.2.1.3, knows beside signing certificates and lists of those that are revoked.
NO_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
)
OWNER_ALONE, EVERYBODY = 0o600, 0o644


class NotOurs(Exception):
    """A file stands where one would be written, and this authority did not make it; the message is one line."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that is there: its file, its names, when it ends, and whether it has just been made."""

    path: Path
    names: tuple[str, ...]
    ends_at: datetime
    is_new: bool


class Authority:
    """
    The authority of a directory, made if there is none.

    :raises NotOurs: if there is another, or half of one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path, self._key_path = directory / "ca.pem", directory / "ca.key"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.is_new = not self.path.exists() and not self._key_path.exists()
        if self.is_new:
            self._make()
        self._certificate, self._key = self._read()

    def hold(self, names: Mapping[str, Sequence[str]], *, renew: bool = False) -> Iterator[Held]:
        """
        See that there is a certificate for each file name, for these host names, and yield them, the authority first.

        :param renew: make every one anew, not only those that are missing, are for other names, or soon end.
        :raises NotOurs: before anything is written, if one of them is by somebody else.
        """
        present = {file: self._present(file) for file in names}
        yield self._held(self.path, self._certificate, self.is_new)
        for file, wanted in names.items():
            certificate = present[file]
            due = renew or certificate is None or self._is_due(certificate, wanted)
            if due:
                certificate = self._issue(file, wanted)
            assert certificate is not None  # noqa: S101 - it has been issued
            yield self._held(self._directory / f"{file}.pem", certificate, due)

    def _present(self, file: str) -> x509.Certificate | None:
        path = self._directory / f"{file}.pem"
        if not path.exists():
            if path.with_suffix(".key").exists():
                raise NotOurs(f"{path.with_suffix('.key')} is there without its certificate; move it away")
            return None
        try:
            certificate = read_first(str(path))
            certificate.verify_directly_issued_by(self._certificate)
        except (OSError, ValueError, TypeError, InvalidSignature):
            raise NotOurs(f"{path} was not made by {self.path}; move it away, or choose another directory") from None
        return certificate

    def _is_due(self, certificate: x509.Certificate, wanted: Sequence[str]) -> bool:
        ends_soon = certificate.not_valid_after_utc <= datetime.now(UTC) + RENEW_BEFORE
        return ends_soon or set(_names(certificate)) != set(wanted)

    def _issue(self, file: str, names: Sequence[str]) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        ends_at = min(datetime.now(UTC) + timedelta(days=LEAF_DAYS), self._certificate.not_valid_after_utc)
        certificate = (
            _begun(file, self._certificate.subject, key, ends_at)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(_identifier_of(self._key), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        _write(self._directory / f"{file}.key", _private(key), OWNER_ALONE)
        _write(self._directory / f"{file}.pem", certificate.public_bytes(Encoding.PEM), EVERYBODY)
        return certificate

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, OURS)])
        usage = dict.fromkeys(NO_USES, False)
        certificate = (
            _begun(OURS, subject, key, datetime.now(UTC) + timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(self._key_path, _private(key), OWNER_ALONE)
        _write(self.path, certificate.public_bytes(Encoding.PEM), EVERYBODY)

    def _read(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        try:
            certificate = read_first(str(self.path))
            key = load_pem_private_key(self._key_path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise NotOurs(f"{self.path} and its key cannot be read ({error}); move them away") from None
        own = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise NotOurs(f"{self._key_path} is not the key of {self.path}; move them away")
        if [each.value for each in own] != [OURS]:
            raise NotOurs(f"{self.path} is an authority that this command did not make; choose another directory")
        return certificate, key

    def _held(self, path: Path, certificate: x509.Certificate, is_new: bool) -> Held:
        return Held(path, _names(certificate), certificate.not_valid_after_utc, is_new)


def _begun(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, ends_at: datetime) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - BACKDATED)
        .not_valid_after(ends_at)
    )


def _identifier_of(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress)))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
    beside.replace(path)
