"""Where one process of a service listens, as settings or the table say it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

LARGEST_WEIGHT = 100


@dataclass(frozen=True, slots=True)
class Address:
    """
    :ivar url: such as ``http://10.0.0.5:8000``: scheme, host and port, and nothing more; or with ``https``.
    :ivar weight: its share of new requests, relative to the others'; 0 takes none, so that it can be stopped.
    """

    url: str
    weight: int = 1

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.is_secure else 80)

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    def fault(self) -> str:
        """Return what keeps this from being an address, or nothing."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
            (parts.hostname or "").encode("idna")  # as it is resolved
        except ValueError as error:
            return f"{self.url}: {error}"
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return f"{self.url} is not the http or https address of an instance, such as http://10.0.0.5:8000"
        if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment or port == 0:
            return f"{self.url}: an address has a host and a port, and nothing more"
        if any(character.isspace() or not character.isprintable() for character in self.url):
            return f"{self.url!r} has a space in it"
        if not 0 <= self.weight <= LARGEST_WEIGHT:
            return f"{self.url}: a weight is from 0 to {LARGEST_WEIGHT}"
        return ""
