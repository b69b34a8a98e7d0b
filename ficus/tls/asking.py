"""Asks the other parts over HTTP as who this process is, by ``settings.TLS``; a service has to show its own name."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from ficus.tls.identity import Identity

if TYPE_CHECKING:
    import requests


def own() -> Identity | None:
    """Return who this process is to the others; None where they speak without TLS."""
    found: Identity | None = getattr(settings, "TLS", None)
    return found


def name_of(url: str) -> str:
    """Return which name is asked for at an address: its service's, if settings say that one is there, or its host."""
    place = urlsplit(url)
    names: dict[str, str] = getattr(settings, "TLS_NAMES", {})
    return names.get(f"{place.scheme}://{place.netloc}") or place.hostname or ""


def session(url: str) -> "requests.Session":
    """
    Return a session to ask the service at ``url`` with. Its files are read for each new connection.

    Without TLS of our own it is a session as any other.
    """
    # Imported at first use: a process that asks nobody never pays for it.
    import requests
    from requests.adapters import HTTPAdapter

    class Named(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options, server_hostname=name_of(url))

    made = requests.Session()
    identity = own()
    if identity is not None and url.startswith("https://"):
        made.trust_env = False  # no other authorities, no proxy that would look into it
        made.verify, made.cert = identity.ca, (identity.certificate, identity.key)
        made.mount("https://", Named())
    return made
