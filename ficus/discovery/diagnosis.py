"""What ``doctor`` finds out about the registry."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from ficus.configuration.diagnosis import Finding, State
from ficus.discovery.registry import RegistryAway, registry_at


def diagnose() -> Iterator[Finding]:
    """Ask the registry who is there under the names of this deployable."""
    url = settings.DISCOVERY["URL"]
    if not url:
        yield Finding(State.OK, "registry", "none (DISCOVERY_URL); services are where settings and the table say")
        return
    place = urlsplit(url)._replace(query="").geturl().rpartition("@")[2]
    registry = registry_at(url)
    for name in settings.DISCOVERY["AS"]:
        try:
            found = ", ".join(each.address for each in registry.discover(name))
        except RegistryAway as error:
            yield Finding(State.WARN, "registry", f"{place} does not answer: {error}")
            return
        yield Finding(State.OK, "registry", f"{place} knows {name} at {found or 'no address'}")
