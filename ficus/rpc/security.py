"""gRPC by TLS, where ``settings.TLS`` says who this process is: both sides show it, by the files as they are now."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import grpc

from ficus.tls.asking import own
from ficus.tls.files import in_words, read_first
from ficus.tls.following import Followed
from ficus.tls.identity import Identity, client_context, plain, server_context

logger = logging.getLogger(__name__)

ASK_SECONDS = 2.0
REPEAT_SECONDS = 30.0
Read = tuple[bytes, bytes, bytes]
_explained: dict[str, float] = {}
_explaining = threading.Lock()


def credentials() -> Any:
    """
    Return by what a server lets others in, None where there is no TLS; nobody without a certificate comes in.

    :raises BadCertificates: if the files cannot be used; later on the last good ones serve.
    """
    identity = own()
    if identity is None:
        return None
    files: Followed[Read] = Followed(identity, _read_for_server)
    shown = files.get()

    def renewed() -> Any:
        """Return the files once they have changed; gRPC asks before each handshake."""
        nonlocal shown
        if (present := files.get()) is shown:
            return None
        shown = present
        return _for_server(present)

    return grpc.dynamic_ssl_server_credentials(_for_server(shown), renewed, require_client_authentication=True)


def channel(address: str, options: Sequence[tuple[str, Any]], name: str) -> Any:
    """
    Return a channel to ``host:port``.

    :param name: under which the other side has to show itself by TLS; empty for its host.
    :raises BadCertificates: if our own files cannot be used, and never could.
    """
    identity = own()
    if identity is None:
        return grpc.insecure_channel(address, options=options)
    ca, certificate, key = _files_to_ask_with(identity).get()
    named = [*options, ("grpc.ssl_target_name_override", name)] if name else options
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, certificate), options=named)


def version() -> int:
    """Return what is another once channels have to show another certificate; 0 where there is no TLS."""
    identity = own()
    if identity is None:
        return 0
    files = _files_to_ask_with(identity)
    files.get()
    return files.version


def explain(address: str, name: str) -> None:
    """Write why a server does not let us in, if it is for TLS: gRPC itself says that the socket was closed."""
    if own() is not None and _is_due(address):
        threading.Thread(target=_explain, args=(address, name), name="rpc-refused", daemon=True).start()


def refusal(address: str, name: str, identity: Identity) -> str:
    """Return why a handshake with ``host:port`` fails, in an operator's words; empty if it does not, or for no TLS."""
    host, _, port = address.removeprefix("dns:///").rpartition(":")
    context = plain(client_context(identity), ["h2"])
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=ASK_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=name or host.strip("[]")) as secured,
        ):
            # With TLS 1.3 our own certificate is refused after the handshake; by gRPC without an alert that says why.
            accepted = bool(secured.recv(1))
    except ssl.SSLError as error:
        return in_words(error)
    except (OSError, ValueError):
        return ""
    return "" if accepted else f"it ends the connection when it has seen our certificate {described(identity)}"


def forget_explained() -> None:
    """Explain again what has been explained of late."""
    _explained.clear()


def _is_due(address: str) -> bool:
    """Tell whether nothing has been explained of an address for ``REPEAT_SECONDS``; it is from now on."""
    now = time.monotonic()
    with _explaining:
        if now < _explained.get(address, float("-inf")) + REPEAT_SECONDS:
            return False
        _explained[address] = now
    return True


def _explain(address: str, name: str) -> None:
    identity = own()
    try:
        why = refusal(address, name, identity) if identity is not None else ""
    except Exception as error:  # our own files, for one
        why = str(error)
    if why:
        logger.error("gRPC to %s at %s is refused: %s", name or "the server", address, why)


def described(identity: Identity) -> str:
    """Return what of our own certificate may be the reason that somebody refuses it."""
    certificate = read_first(identity.certificate)
    ends_at = certificate.not_valid_after_utc
    held = "expired on" if ends_at <= datetime.now(UTC) else "holds until"
    return f"{identity.certificate}, which {held} {ends_at:%Y-%m-%d} and is by {certificate.issuer.rfc4514_string()}"


@lru_cache(maxsize=8)
def _files_to_ask_with(identity: Identity) -> Followed[Read]:
    return Followed(identity, _read_for_client)


def _read_for_server(identity: Identity) -> Read:
    server_context(identity)  # refuses what cannot be used
    return _read(identity)


def _read_for_client(identity: Identity) -> Read:
    client_context(identity)
    return _read(identity)


def _read(identity: Identity) -> Read:
    ca, certificate, key = (Path(path).read_bytes() for path in identity.files)
    return ca, certificate, key


def _for_server(read: Read) -> Any:
    ca, certificate, key = read
    return grpc.ssl_server_certificate_configuration([(key, certificate)], root_certificates=ca)
