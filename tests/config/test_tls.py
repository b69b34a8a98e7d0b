"""What FICUS_TLS makes of the addresses of others."""

import pytest

from config.tls import postgres_by_tls, redis_by_tls
from ficus.tls.identity import Identity
from tests.commands import manage

SHOWN = Identity("/tls/ca.pem", "/tls/orders.pem", "/tls/orders.key")


class TestRedis:
    def test_by_tls_is_asked_with_our_files(self) -> None:
        assert redis_by_tls("rediss://:secret@redis:6379/2", SHOWN) == (
            "rediss://:secret@redis:6379/2?ssl_cert_reqs=required&ssl_ca_certs=/tls/ca.pem"
            "&ssl_certfile=/tls/orders.pem&ssl_keyfile=/tls/orders.key"
        )

    @pytest.mark.parametrize(
        "url", ["redis://redis/0", "unix:///run/redis.sock?db=1", "rediss://redis/0?ssl_ca_certs=/its/ca.pem", ""]
    )
    def test_stays_as_it_is_without_or_with_files_of_its_own(self, url: str) -> None:
        assert redis_by_tls(url, SHOWN) == url

    def test_stays_as_it_is_where_there_is_no_identity(self) -> None:
        assert redis_by_tls("rediss://redis/0", None) == "rediss://redis/0"


class TestPostgres:
    def test_is_asked_with_our_files_and_has_to_show_its_name(self) -> None:
        assert postgres_by_tls("postgres://orders:se%2Fcret@db:5432/orders?connect_timeout=9", SHOWN) == (
            "postgres://orders:se%2Fcret@db:5432/orders?connect_timeout=9&sslmode=verify-full"
            "&sslrootcert=/tls/ca.pem&sslcert=/tls/orders.pem&sslkey=/tls/orders.key"
        )

    @pytest.mark.parametrize(
        "url",
        [
            "sqlite:///var/orders.sqlite3",
            "postgres://%2Frun%2Fpostgresql/orders",
            "postgres:///orders",
            "postgres://db/orders?sslmode=require",
        ],
    )
    def test_stays_as_it_is_where_it_is_none_is_a_socket_or_says_so_itself(self, url: str) -> None:
        assert postgres_by_tls(url, SHOWN) == url


class TestFicusTls:
    def test_that_is_no_mode_keeps_a_process_from_starting(self) -> None:
        done = manage("orders", "check", FICUS_TLS="perhaps")

        assert (done.returncode, done.stderr) == (
            2,
            "manage.py: the environment is not complete: FICUS_TLS: must be off or mutual\n",
        )

    def test_in_production_wants_every_file_to_be_named(self) -> None:
        done = manage("orders", "check", FICUS_ENV="production", FICUS_TLS="mutual")

        assert done.returncode == 2
        for name in ("TLS_CA", "TLS_CERTIFICATE", "TLS_KEY"):
            assert f"{name}: Environment variable not set." in done.stderr
