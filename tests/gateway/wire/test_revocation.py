"""A token is refused before it expires once its session has ended; proves semantics, section 6."""

import time
from uuid import uuid4

from ficus.auth.revocations import SESSION, SUBJECT, mark
from ficus.testing import tokens
from tests.gateway.wire.conftest import Door, bearer
from tests.gateway.wire.service import FakeService

PATIENCE_SECONDS = 30.0


def seconds_until_refused(door: Door, credential: str) -> float:
    """Return how long the credential was good for from now on."""
    began = time.monotonic()
    while door.ask("GET", "/orders", credential).status == 200 and time.monotonic() < began + PATIENCE_SECONDS:
        time.sleep(0.02)
    return time.monotonic() - began


class TestRevocation:
    def test_of_a_session_is_honoured_and_leaves_the_others_alone(self, door: Door, users: FakeService) -> None:
        session, other = bearer(sid="a"), bearer(sid="b")
        assert [door.ask("GET", "/orders", each).status for each in (session, other)] == [200, 200]

        users.revoked = {mark(SESSION, "a"): time.time()}

        assert seconds_until_refused(door, session) < PATIENCE_SECONDS
        refused = door.ask("GET", "/orders", session)
        assert (refused.status, refused.json["code"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in (refused.header("www-authenticate") or "")
        assert door.ask("GET", "/orders", other).status == 200

    def test_of_a_person_ends_all_older_tokens_and_none_that_is_newer(self, door: Door, users: FakeService) -> None:
        ada, then = str(uuid4()), int(time.time()) - 5
        old = f"Authorization: Bearer {tokens.sign(tokens.claims(sub=ada, iat=then, nbf=then))}"
        assert door.ask("GET", "/orders", old).status == 200

        users.revoked = {mark(SUBJECT, ada): then + 1.0}

        assert seconds_until_refused(door, old) < PATIENCE_SECONDS
        assert door.ask("GET", "/orders", bearer(user_id=ada)).status == 200

    def test_is_remembered_when_nobody_tells_of_it_any_more(self, door: Door, users: FakeService) -> None:
        session = bearer(sid="c")
        users.revoked = {mark(SESSION, "c"): time.time()}
        assert seconds_until_refused(door, session) < PATIENCE_SECONDS

        users.revoked = {}
        time.sleep(1.5)

        assert door.ask("GET", "/orders", session).status == 401
