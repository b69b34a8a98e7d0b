"""What a project's settings say about gRPC; a project that says nothing asks nobody and answers nothing."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def upstreams() -> dict[str, str]:
    """Return where each upstream is by name: ``host:port``, or ``local`` for a servicer of this process."""
    found: dict[str, str] = getattr(settings, "RPC", {}).get("UPSTREAMS", {})
    return found


def address_of(upstream: str) -> str:
    """:raises ImproperlyConfigured: if settings do not say where it is."""
    try:
        return upstreams()[upstream]
    except KeyError:
        raise ImproperlyConfigured(f'say where {upstream} is: RPC = {{"UPSTREAMS": {{"{upstream}": ...}}}}') from None


def servicers() -> list[str]:
    """Return the dotted paths of the classes that this process answers with."""
    found: list[str] = getattr(settings, "RPC", {}).get("SERVICERS", [])
    return found
