"""Certificates made for a test, signed by themselves or by an authority of its own."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from gateway.data.certificates import Files


class Authority:
    """
    Somebody who signs certificates.

    :ivar file: its own certificate.
    """

    def __init__(self, directory: Path, name: str = "authority") -> None:
        own = make(directory, name, file=name)
        self.file = own.certificate
        self._directory = directory
        key = load_pem_private_key(Path(own.key).read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key
        self.certificate = x509.load_pem_x509_certificate(Path(own.certificate).read_bytes())

    def issue(self, *names: str, days: float = 90, file: str = "") -> Files:
        """Write a certificate as :func:`make` does, signed by this authority."""
        return make(self._directory, *names, days=days, file=file, by=self)


def make(directory: Path, *names: str, days: float = 90, file: str = "", by: Authority | None = None) -> Files:
    """Write a certificate for these names, and its key, that ends so many days from now; a year ago it began."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=0 if by is None else None), critical=True)
        .sign(by.key if by is not None else key, hashes.SHA256())
    )
    stem = directory / (file or names[0].replace("*", "any"))
    files = Files(f"{stem}.pem", f"{stem}.key")
    # The key first, so that the two belong together as soon as the certificate is another.
    Path(files.key).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    Path(files.certificate).write_bytes(certificate.public_bytes(Encoding.PEM))
    return files


def speaking(shows: Files, *wants: str) -> ssl.SSLContext:
    """Return how a service speaks TLS, and to whom."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shows.certificate, shows.key)
    context.set_alpn_protocols(["http/1.1"])
    for authority in wants:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority)
    return context


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
