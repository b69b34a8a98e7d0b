import pytest

from tests.commands import manage

ASK = "from django.conf import settings as s; print({expression})"
COMPLETE = {
    "FICUS_ENV": "production",
    "PUBLIC_URL": "https://shop.example",
    "REDIS_URL": "redis://redis.example/0",
    "ORDERS_SECRET_KEY": "x" * 50,
    "ORDERS_DATABASE_URL": "postgres://orders:secret@db.example/orders",
}


def ask(deployable: str, expression: str, **environment: str | None) -> str:
    """Return what an expression over the settings ``s`` prints in a process of the deployable."""
    done = manage(deployable, "shell", "-v", "0", "-c", ASK.format(expression=expression), **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestAnIncompleteEnvironment:
    def test_is_reported_as_a_whole_in_one_line(self) -> None:
        done = manage("users", "check", FICUS_ENV="production", LOG_JSON="perhaps", USERS_PORT="many")

        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        for name in (
            "USERS_SECRET_KEY",
            "USERS_DATABASE_URL",
            "USERS_SIGNING_KEY_FILE",
            "PUBLIC_URL",
            "REDIS_URL",
            "LOG_JSON",
            "USERS_PORT",
        ):
            assert f"{name}: " in done.stderr

    def test_is_what_a_process_without_any_environment_has(self) -> None:
        done = manage("orders", "check", FICUS_ENV="")

        assert done.returncode == 2
        assert "FICUS_ENV: must be development or production" in done.stderr

    @pytest.mark.parametrize("deployable", ["gateway", "monolith", "orders", "users"])
    def test_has_no_default_secret_in_production(self, deployable: str) -> None:
        done = manage(deployable, "check", FICUS_ENV="production")

        assert done.returncode == 2
        assert f"{deployable.upper()}_SECRET_KEY: Environment variable not set." in done.stderr


class TestPolicies:
    def test_are_read_from_the_environment(self) -> None:
        policies = '{"POLICIES": {"patient": {"retry": {"attempts": 2}}}, "TARGETS": {"users": "patient"}}'

        assert ask("orders", "s.RESILIENCE['TARGETS']", RESILIENCE=policies) == "{'users': 'patient'}"
        assert ask("orders", "s.RESILIENCE", RESILIENCE="") == "{}"

    def test_that_make_no_sense_keep_a_process_from_starting(self) -> None:
        policies = '{"POLICIES": {"patient": {"retry": {"attempts": 7}}}, "TARGETS": {"user": "patient"}}'

        done = manage("orders", "check", RESILIENCE=policies)

        assert done.returncode == 2
        assert done.stderr.splitlines() == [
            "manage.py: the environment is not complete: RESILIENCE: "
            "POLICIES.patient.retry.attempts must be a whole number from 1 to 5, not 7; "
            "TARGETS.user is neither an upstream nor an address; perhaps users is meant"
        ]


class TestConfiguration:
    def test_has_no_store_in_production_unless_it_is_said(self) -> None:
        assert ask("orders", "s.CONFIGURATION['URL']", **COMPLETE) == ""
        assert (
            ask("orders", "s.CONFIGURATION['URL']", **COMPLETE, CONFIGURATION_URL="consul://c:8500")
            == "consul://c:8500"
        )

    def test_has_every_variable_that_goes_before_it_checked(self) -> None:
        mistaken = {"CONFIGURATION_URL": "etcd://c", "ORDER_DEADLINE_SECONDS": "soon", "FLAG_ASK_CREDIT_FIRST": "101"}

        done = manage("orders", "check", **mistaken)

        assert done.returncode == 2
        assert done.stderr.splitlines() == [
            "manage.py: the environment is not complete: CONFIGURATION_URL: etcd: is neither redis: nor consul:; "
            "ORDER_DEADLINE_SECONDS: must be a whole number from 1 to 86400, not soon; "
            "FLAG_ASK_CREDIT_FIRST: must be a number from 0 to 100, not 101"
        ]


class TestProduction:
    def test_is_the_default(self) -> None:
        environment = {name: value for name, value in COMPLETE.items() if name != "FICUS_ENV"}

        assert ask("orders", "s.DEVELOPMENT, s.DEBUG", FICUS_ENV=None, **environment) == "False False"

    def test_never_has_debug_even_if_asked_for(self) -> None:
        assert ask("orders", "s.DEBUG", **COMPLETE, DEBUG="1") == "False"

    def test_sends_cookies_over_https_alone(self) -> None:
        secure = ask("orders", "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY", **COMPLETE)

        assert secure == "True True True"

    def test_refuses_to_be_killed_for_a_test(self) -> None:
        done = manage("orders", "check", **COMPLETE, CRASH_POINTS="/tmp/crash")

        assert done.returncode == 2
        assert done.stderr.splitlines() == [
            "manage.py: the environment is not complete: CRASH_POINTS: kills processes on purpose, "
            "for tests in development alone. (FICUS_ENV=development has defaults for all of them)"
        ]

    def test_has_no_demo_people(self) -> None:
        complete = {
            **COMPLETE,
            "USERS_SECRET_KEY": "y" * 50,
            "USERS_DATABASE_URL": "postgres://users@db.example/users",
            "USERS_SIGNING_KEY_FILE": "/run/secrets/users.pem",
            "DEMO_PASSWORD": "asked for",
        }

        assert ask("users", "getattr(s, 'DEMO_PASSWORD', None)", **complete) == "None"


class TestDevelopment:
    def test_needs_nothing_to_be_set(self) -> None:
        assert ask("orders", "s.DEVELOPMENT, s.PUBLIC_URL") == "True http://127.0.0.1:8000"

    def test_moves_to_other_ports(self) -> None:
        moved = ask(
            "orders",
            "s.PUBLIC_URL, s.UPSTREAMS_RPC['users'], s.REDIS_URL",
            GATEWAY_PORT="9000",
            USERS_RPC_PORT="9011",
            REDIS_PORT="9379",
        )

        assert moved == "http://127.0.0.1:9000 127.0.0.1:9011 redis://127.0.0.1:9379/0"
