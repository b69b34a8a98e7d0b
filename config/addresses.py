"""Where each part listens and keeps its data: one reading of the environment, for settings and supervisor alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.services import SERVICES
from config.tls import OPERATOR, identity, postgres_by_tls
from ficus.configuration.environment import Environment
from ficus.events.partitions import MOST
from ficus.tls.identity import Identity

ROOT = Path(__file__).resolve().parent.parent
env = Environment(ROOT)
STATE = Path(ROOT, env.str("FICUS_STATE", "var"))
CERTIFICATES = STATE / "tls"  # in development

PORTS = {
    "GATEWAY": 8000,
    "MONOLITH": 8003,
    "REDIS": 8379,
    **{service.name.upper(): service.port for service in SERVICES},
    **{f"{service.name.upper()}_RPC": service.rpc_port for service in SERVICES},
}


@dataclass(frozen=True)
class Addresses:
    """
    ``host:port`` of each part on this machine, from ``<PART>_PORT``.

    What a process listens on where the supervisor starts it, and where the others look for it unless told otherwise.

    :ivar parts: by the names of ``PORTS``.
    :ivar asking_as: who the supervisor is to them; None without TLS.
    """

    parts: Mapping[str, str]
    asking_as: Identity | None = None

    @classmethod
    def read(cls, env: Environment) -> "Addresses":
        parts = {part: f"127.0.0.1:{env.int(f'{part}_PORT', port)}" for part, port in PORTS.items()}
        return cls(parts, asking_as=identity(env, OPERATOR, CERTIFICATES))

    def web(self, deployable: str) -> str:
        return self.parts[deployable.upper()]

    def rpc(self, service: str) -> str:
        return self.parts[f"{service.upper()}_RPC"]

    @property
    def gateway(self) -> str:
        return self.web("gateway")

    @property
    def redis(self) -> str:
        return self.parts["REDIS"]

    @property
    def scheme(self) -> str:
        return "http" if self.asking_as is None else "https"


def signing_key_file(env: Environment) -> str:
    """Return the file of the key that signs tokens; in development it is made below ``var/``."""
    return env.secret("USERS_SIGNING_KEY_FILE", str(STATE / "keys" / "users.pem"))


def database_url(env: Environment, service: str) -> str:
    """Return the address of a deployable's database; in development the default is an SQLite file below ``var/``."""
    url = env.secret(f"{service.upper()}_DATABASE_URL", f"sqlite:///{STATE}/{service}.sqlite3")
    return postgres_by_tls(url, own_identity(env, service))


def own_identity(env: Environment, service: str) -> Identity | None:
    """Return who a deployable is to the others; None without TLS."""
    return identity(env, service, CERTIFICATES)


def partitions(env: Environment, service: str) -> int:
    """Return in how many parts a service's consumer follows its logs: as many of its workers can share them."""
    return _count(env, f"{service.upper()}_PARTITIONS", MOST)


def workers(env: Environment, deployable: str) -> int:
    """Return how many worker processes of a deployable the supervisor keeps running."""
    return _count(env, f"{deployable.upper()}_WORKERS", MOST)


def _count(env: Environment, name: str, most: int) -> int:
    count: int | None = env.int(name, 1)
    if count is not None and 1 <= count <= most:
        return count
    if count is not None:
        env.reject(name, f"must be from 1 to {most}")
    return 1


def archive_directory(env: Environment, service: str) -> str:
    """Return where a service keeps archives of its log, empty if nobody has said; ``var/archive`` in development."""
    kept_in = env.str("EVENTS_ARCHIVE", str(STATE / "archive") if env.development else "")
    return str(ROOT / kept_in / service) if kept_in else ""
