"""What is wrong where an operator should look: a table that is not in force, an upstream that does not resolve."""

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from time import monotonic

from django.conf import settings
from django.utils import timezone

from ficus.tls.files import BadCertificates, expiring
from gateway.control import document, upstreams
from gateway.control.compiling import Compiled, compile_document
from gateway.control.destinations import destinations
from gateway.control.models import Service
from gateway.data import runtime
from gateway.data.certificates import Files, loaded
from gateway.data.revoking import ISSUER
from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import literal
from gateway.data.upstream.tls import context_of

RESOLVE_SECONDS = 1.0
REMEMBER_SECONDS = 5.0
UNHEARD_SECONDS = 5.0

_resolvers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")
_known: dict[tuple[str, int], tuple[float, str]] = {}


def found() -> list[str]:
    """Return everything, in an operator's words; takes ``RESOLVE_SECONDS`` at most."""
    compiled = compile_document(document.current())
    mistakes = [f"The table is not sound, and the last one that was serves on: {each}" for each in compiled.mistakes]
    with suppress(RuntimeError):
        gateway = runtime.current()
        if gateway.trouble and not mistakes:
            mistakes.append(f"The newest table is not in force: {gateway.trouble}")
        if (unheard := monotonic() - gateway.tokens.heard_at) > UNHEARD_SECONDS:
            mistakes.append(
                f"Tokens revoked of late are still good here: {ISSUER} has not said which for {unheard:.0f} s"
            )
    return mistakes + certificates(compiled) + unreachable(compiled) + list(upstreams.troubles(timezone.now()))


def tls_files() -> list[Files]:
    """Return where the gateway's own certificates are."""
    return [Files(*pair.split(":")) for pair in settings.TLS_FILES]


def certificates(compiled: Compiled) -> list[str]:
    """Return what is wrong with the certificates of the gateway and for services on this machine, or soon will be."""
    try:
        loaded(tls_files())
    except BadCertificates as error:
        wrong = [f"A certificate cannot be used, and the last good ones are shown: {each}" for each in error.mistakes]
    else:
        wrong = []
    stated = {name: terms.tls for name, terms in compiled.terms.items() if terms.tls is not None}
    for name, tls in stated.items():
        try:
            context_of(tls)
        except BadCertificates as error:
            wrong += [
                f"{name}: a certificate cannot be used, and the last good ones stay: {each}" for each in error.mistakes
            ]
    shown = [*(each.certificate for each in tls_files()), *(tls.certificate for tls in stated.values())]
    return wrong + expiring(dict.fromkeys(shown), authorities=dict.fromkeys(tls.ca for tls in stated.values()))


def unreachable(compiled: Compiled) -> list[str]:
    """Return the addresses whose names do not resolve now, or resolve to where the gateway does not go."""
    named = {
        (address.host, address.port): (name, address)
        for name, addresses in compiled.addresses.items()
        for address in addresses
        if not literal(address.host)
    }
    now = monotonic()
    unknown = [place for place in named if place not in _known or _known[place][0] < now - REMEMBER_SECONDS]
    resolving = {place: _resolvers.submit(_fault, *place) for place in unknown}
    wait(resolving.values(), timeout=RESOLVE_SECONDS)
    for place, result in resolving.items():
        _known[place] = now, result.result() if result.done() else "its name is not resolved in time"
    return [
        f"{name} at {address.url}: {_known[place][1]}" for place, (name, address) in named.items() if _known[place][1]
    ]


def addresses_of(service: Service) -> Iterable[str]:
    """Return where the service is, with the weights that are not 1."""
    for each in service.instances:
        weight = each.get("weight", 1)
        yield each["address"] + (f" (weight {weight})" if weight != 1 else "")
    if not service.instances:
        yield from (Address(url).url for url in settings.UPSTREAMS.get(service.name, ()))


def _fault(host: str, port: int) -> str:
    try:
        resolved = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        return f"its name does not resolve: {error.strerror or error}"
    faults = [destinations().fault(host, port, address) for address in sorted(resolved)]
    return faults[0] if all(faults) else ""
