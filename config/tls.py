"""Who each part is to the others under ``FICUS_TLS=mutual``: one reading of the environment, for all that runs."""

from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from config.services import NAMES
from ficus.configuration.environment import Environment
from ficus.tls.identity import Identity

MODES = ("off", "mutual")
HERE = ("localhost", "127.0.0.1", "::1")
OPERATOR = "operator"
# For whom `./manage.py gateway certificates` makes certificates, and for which names. The monolith answers for all.
NAMES_SHOWN: dict[str, tuple[str, ...]] = {
    **{name: (name, *HERE) for name in (*NAMES, "gateway", "redis", "postgres")},
    "monolith": ("monolith", *NAMES, *HERE),
    OPERATOR: (OPERATOR,),
}
REDIS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
POSTGRES_FILES = ("sslrootcert", "sslcert", "sslkey")


def is_mutual(env: Environment) -> bool:
    """Return whether every part shows the others who it is."""
    mode = env.str("FICUS_TLS", "off") or "off"
    if mode not in MODES:
        env.reject("FICUS_TLS", f"must be {' or '.join(MODES)}")
    return mode == "mutual"


def identity(env: Environment, name: str, directory: Path) -> Identity | None:
    """
    Return the files of a part; None without TLS.

    :param directory: where development has them.
    """
    if not is_mutual(env):
        return None
    made = Identity.of(name, directory)
    return Identity(
        ca=env.secret("TLS_CA", made.ca),
        certificate=env.secret("TLS_CERTIFICATE", made.certificate),
        key=env.secret("TLS_KEY", made.key),
    )


def front_door(env: Environment, shown: Identity | None) -> list[str]:
    """Return the pairs of files ``certificate:key`` with which the gateway speaks TLS: as it is told, or its own."""
    pairs: list[str] = env.list("GATEWAY_TLS_CERTIFICATES", [])
    return pairs or ([f"{shown.certificate}:{shown.key}"] if shown is not None else [])


def redis_by_tls(url: str, shown: Identity | None) -> str:
    """Return the address with our files, if it is of TLS and names none. A socket file stays one."""
    if shown is None or not url.startswith("rediss://") or "ssl_" in urlsplit(url).query:
        return url
    return _with(url, {"ssl_cert_reqs": "required", **_files(REDIS_FILES, shown)})


def postgres_by_tls(url: str, shown: Identity | None) -> str:
    """Return the address with ``sslmode=verify-full`` and our files, if it is PostgreSQL's and says nothing of TLS."""
    place = urlsplit(url)
    reached_by_network = bool(place.hostname) and not str(place.hostname).lower().startswith(("/", "%2f"))
    if shown is None or not place.scheme.startswith(("postgres", "pgsql")) or not reached_by_network:
        return url
    return url if "sslmode" in dict(parse_qsl(place.query)) else _with(url, _postgres(shown))


def _postgres(shown: Identity) -> dict[str, str]:
    return {"sslmode": "verify-full", **_files(POSTGRES_FILES, shown)}


def _files(names: tuple[str, ...], shown: Identity) -> dict[str, str]:
    return dict(zip(names, shown.files, strict=True))


def _with(url: str, more: dict[str, str]) -> str:
    place = urlsplit(url)
    return place._replace(query=urlencode([*parse_qsl(place.query), *more.items()], safe="/")).geturl()
