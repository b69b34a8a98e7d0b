import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

from ficus.configuration.diagnosis import Finding, State, database, diagnose, migrations, redis, token_keys, upstreams

NOBODY = "127.0.0.1:1"


@pytest.mark.django_db
class TestDiagnose:
    def test_finds_the_database_reachable_and_migrated(self) -> None:
        findings = {finding.subject: finding for finding in diagnose()}

        assert findings["database"].state is State.OK
        assert findings["migrations"].state is State.OK
        assert findings["environment"].state is State.OK

    def test_counts_migrations_that_are_not_applied(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

        [finding] = migrations()

        assert finding.state is State.WRONG
        assert finding.detail.startswith("1 not applied, first sessions.0001_initial; run ./manage.py ")


class TestDatabase:
    def test_that_does_not_answer_is_wrong(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse() -> None:
            from django.db import OperationalError

            raise OperationalError("connection to server\nfailed: Connection refused")

        monkeypatch.setattr(connection, "ensure_connection", refuse)

        [finding] = database()

        assert finding.state is State.WRONG
        assert finding.detail.endswith("does not answer: connection refused")


class TestRedis:
    def test_that_does_not_answer_is_wrong_and_shown_without_its_password(self, settings: Settings) -> None:
        settings.REDIS_URL = f"redis://:secret@{NOBODY}/0"

        assert list(redis()) == [
            Finding(
                State.WRONG,
                "redis",
                f"{NOBODY}/0 does not answer: connection refused; events travel slower without it",
            )
        ]


class TestUpstreams:
    def test_that_do_not_answer_are_only_a_warning(self, settings: Settings) -> None:
        settings.RPC = {"UPSTREAMS": {"stock": NOBODY, "prices": "local"}}

        assert list(upstreams()) == [
            Finding(State.WARN, "rpc stock", f"{NOBODY} does not answer: connection refused"),
            Finding(State.OK, "rpc prices", "in this process"),
        ]


class TestTokenKeys:
    def test_of_another_service_that_is_away_are_only_a_warning(self, settings: Settings) -> None:
        settings.TOKENS = {**settings.TOKENS, "JWKS": f"http://{NOBODY}/keys"}

        assert list(token_keys()) == [
            Finding(State.WARN, "token keys", f"none from http://{NOBODY}/keys: connection refused")
        ]


@pytest.mark.django_db
class TestDoctor:
    def test_exits_with_one_if_anything_is_wrong(self, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        settings.REDIS_URL = f"redis://{NOBODY}/0"

        with pytest.raises(SystemExit) as ending:
            call_command("doctor")

        assert ending.value.code == 1
        assert f"wrong  redis         redis://{NOBODY}/0 does not answer" in capsys.readouterr().out
