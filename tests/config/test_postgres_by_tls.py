"""A real PostgreSQL that lets in those alone who show a certificate, as ``make up`` and settings ask it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import pytest

from config.tls import postgres_by_tls
from ficus.configuration.migrations import DatabaseDown, applied_migrations
from ficus.testing.processes import Processes
from ficus.tls.identity import Identity
from tests.chaos.postgres import USER, Cluster, PostgresMissing, as_unprivileged
from tests.gateway.certificates import Authority

HBA = f"hostssl all {USER} 127.0.0.1/32 trust clientcert=verify-ca\n"


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    """In a directory that the server's own user may read as well."""
    directory = Path(mkdtemp(prefix="ficus-test-tls-"))
    directory.chmod(0o755)
    yield Authority(directory)
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def url(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        cluster = Cluster()
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    shown = authority.issue("postgres", "127.0.0.1", file="postgres")
    Path(shown.key).chmod(0o600)
    if as_unprivileged():
        shutil.chown(shown.key, USER)
    cluster.make()
    (cluster.directory / "pg_hba.conf").write_text(f"{HBA}local all all trust\n")
    settings = {"ssl": "on", "ssl_ca_file": authority.file, "ssl_cert_file": shown.certificate}
    options = [part for pair in (settings | {"ssl_key_file": shown.key}).items() for part in ("-c", "=".join(pair))]
    identity = Identity(authority.file, *_key_for_owner(authority, "orders"))
    place = postgres_by_tls(f"{cluster.servers.postgres_url}/postgres", identity)

    async def answers() -> bool:
        try:
            applied_migrations(place)
        except DatabaseDown:
            return False
        return True

    try:
        with Processes(tmp_path_factory.mktemp("postgres") / "log") as processes:
            process = cluster.process
            processes.start(replace(process, command=[*process.command, *options], ready=answers))
            yield f"{cluster.servers.postgres_url}/postgres"
    finally:
        cluster.remove()


def _key_for_owner(authority: Authority, name: str, days: float = 90) -> tuple[str, str]:
    """Return a certificate and its key as libpq wants it: closed to others."""
    files = authority.issue(name, days=days, file=f"{name}{days:g}")
    Path(files.key).chmod(0o600)
    return files.certificate, files.key


class TestPostgres:
    def test_answers_who_shows_a_certificate_of_the_authority(self, url: str, authority: Authority) -> None:
        shown = Identity(authority.file, *_key_for_owner(authority, "orders"))

        assert applied_migrations(postgres_by_tls(url, shown)) == set()

    def test_refuses_one_that_has_expired(self, url: str, authority: Authority) -> None:
        shown = Identity(authority.file, *_key_for_owner(authority, "orders", days=-1))

        with pytest.raises(DatabaseDown, match="certificate expired"):
            applied_migrations(postgres_by_tls(url, shown))

    def test_is_refused_by_who_does_not_believe_it(self, url: str, authority: Authority, tmp_path: Path) -> None:
        shown = Identity(Authority(tmp_path, "another").file, *_key_for_owner(authority, "orders"))

        with pytest.raises(DatabaseDown, match="certificate verify failed"):
            applied_migrations(postgres_by_tls(url, shown))

    def test_refuses_who_speaks_without_tls(self, url: str) -> None:
        with pytest.raises(DatabaseDown, match="no encryption"):
            applied_migrations(f"{url}?sslmode=disable")
