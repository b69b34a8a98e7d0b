from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from gateway.console import queries, services
from gateway.console.models import SignIn
from gateway.console.services import TokenPair

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAIR = TokenPair("access-1", "refresh-1", 300)


def signed_in(key: str = "s", at: datetime = NOW) -> SignIn:
    return services.keep_sign_in(session_key=key, person_id=uuid4(), username="olga", pair=PAIR, at=at)


class TestKeepSignIn:
    def test_keeps_the_tokens_and_when_they_end(self) -> None:
        signed_in()

        found = queries.find_sign_in("s", NOW)
        assert found is not None
        assert (found.access_token, found.refresh_token) == ("access-1", "refresh-1")
        assert found.access_expires_at == NOW + timedelta(seconds=300)

    def test_drops_those_that_are_too_old(self) -> None:
        signed_in("old", NOW - timedelta(seconds=settings.SESSION_COOKIE_AGE))

        signed_in("new")

        assert [each.session_key for each in SignIn.objects.all()] == ["new"]

    def test_is_not_found_when_it_is_too_old(self) -> None:
        signed_in()

        assert queries.find_sign_in("s", NOW + timedelta(seconds=settings.SESSION_COOKIE_AGE)) is None


class TestClaimRefresh:
    def test_is_given_to_one_at_a_time(self) -> None:
        found = signed_in()

        assert [services.claim_refresh(sign_in=found, at=NOW) for _ in range(3)] == [True, False, False]

    def test_ends_by_itself(self) -> None:
        found = signed_in()
        services.claim_refresh(sign_in=found, at=NOW)

        assert services.claim_refresh(sign_in=found, at=NOW + timedelta(seconds=services.CLAIM_SECONDS + 1))

    def test_is_not_given_for_a_token_that_was_used_meanwhile(self) -> None:
        found = signed_in()
        services.replace_tokens(sign_in=found, pair=TokenPair("access-2", "refresh-2", 300), at=NOW)

        assert not services.claim_refresh(sign_in=found, at=NOW)

    def test_can_be_given_up(self) -> None:
        found = signed_in()
        services.claim_refresh(sign_in=found, at=NOW)

        services.give_up_claim(sign_in=found)

        assert services.claim_refresh(sign_in=found, at=NOW)


class TestEndSignIn:
    def test_forgets_the_tokens_and_hands_out_the_refresh_token_once(self) -> None:
        signed_in()

        assert [services.end_sign_in(session_key="s") for _ in range(2)] == ["refresh-1", ""]
        assert queries.find_sign_in("s", NOW) is None
