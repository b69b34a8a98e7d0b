"""A browser's session over time: how it begins, how its access token is kept fresh, and how it ends."""

import asyncio
import logging
from typing import Any

import orjson
from django.utils import timezone

from gateway.console import queries, services
from gateway.console.models import SignIn
from gateway.console.services import TokenPair
from gateway.control.database import in_database
from gateway.data import runtime
from gateway.data.upstream.question import Reply, Unanswered, ask

logger = logging.getLogger(__name__)

USERS = "users"
SIGN_IN_SECONDS = 5.0
REFRESH_SECONDS = 3.0
REFRESH_AHEAD_SECONDS = 30
PAUSE_SECONDS = 0.1

_refreshing: set[asyncio.Task[str | None]] = set()


class SignInRefused(Exception):
    """The users service did not accept the username and the password; the message is for the person."""


async def sign_in(*, username: str, password: str, client_address: str, trail: dict[str, str]) -> TokenPair:
    """
    Trade a password for tokens.

    :param trail: headers that tie the question to the request it is asked for.
    :raises SignInRefused: if the pair is wrong, or was tried too often.
    :raises Unanswered: if the users service does not answer.
    """
    reply = await _post(
        "/auth/token",
        {"username": username, "password": password},
        seconds=SIGN_IN_SECONDS,
        headers={**trail, "x-forwarded-for": client_address},
    )
    if reply.status == 200:
        return TokenPair.of(reply.json())
    if reply.status >= 500:
        raise Unanswered(f"the users service answered {reply.status}")
    if reply.status in (400, 401):
        raise SignInRefused("That username and password do not belong together.")
    raise SignInRefused(reply.json().get("detail", "You cannot sign in at present."))


async def keep(*, session_key: str, pair: TokenPair) -> None:
    """
    Tie a pair of tokens to a browser's session.

    :raises Refusal: if the access token does not hold here.
    """
    person = await runtime.current().tokens.verify(pair.access_token.encode())
    at = timezone.now()
    await in_database(
        lambda: services.keep_sign_in(
            session_key=session_key, person_id=person.id, username=person.username, pair=pair, at=at
        )
    )


async def find_access_token(session_key: str, refused: str = "") -> str:
    """
    Return a session's access token with some time left, or empty if nobody is signed in.

    One process refreshes at a time; the others use the old token while it holds, else they wait for the new one.

    :param refused: a token that holds no longer, as after a change of roles, however much time it has left.
    """
    while True:
        at = timezone.now()
        found = await in_database(queries.find_sign_in, session_key, at)
        if found is None:
            return ""
        left = 0.0 if found.access_token == refused else (found.access_expires_at - at).total_seconds()
        if left > REFRESH_AHEAD_SECONDS:
            return found.access_token
        if await in_database(lambda row=found, now=at: services.claim_refresh(sign_in=row, at=now)):
            token = await _refresh_to_the_end(found)
            if token is not None:
                return token
        if left > 0:
            return found.access_token
        await asyncio.sleep(PAUSE_SECONDS)


async def sign_out(session_key: str) -> None:
    """End a session here at once, and at the users service if it answers."""
    refresh_token = await in_database(lambda: services.end_sign_in(session_key=session_key))
    runtime.current().sessions.forget(session_key)
    if not refresh_token:
        return
    try:
        await _post("/auth/revoke", {"refresh_token": refresh_token}, seconds=REFRESH_SECONDS)
    except Unanswered as error:
        logger.warning("a session ended here and not at the users service: %s", error)


async def _refresh_to_the_end(sign_in: SignIn) -> str | None:
    """Refresh even if nobody waits any more: a pair that was handed out and not kept would end the session."""
    task = asyncio.create_task(_refresh(sign_in))
    _refreshing.add(task)
    task.add_done_callback(_refreshing.discard)
    return await asyncio.shield(task)


async def _refresh(sign_in: SignIn) -> str | None:
    """Return a new access token, empty if the session has ended, or None if the users service cannot say."""
    try:
        reply = await _post("/auth/refresh", {"refresh_token": sign_in.refresh_token}, seconds=REFRESH_SECONDS)
    except Unanswered as error:
        logger.warning("a session cannot be refreshed: %s", error)
        await in_database(lambda: services.give_up_claim(sign_in=sign_in))
        return None
    if reply.status == 200:
        pair = TokenPair.of(reply.json())
        await in_database(lambda: services.replace_tokens(sign_in=sign_in, pair=pair, at=timezone.now()))
        return pair.access_token
    if reply.status in (400, 401):
        await in_database(lambda: services.end_sign_in(session_key=sign_in.session_key))
        return ""
    await in_database(lambda: services.give_up_claim(sign_in=sign_in))
    return None


async def _post(path: str, body: dict[str, Any], *, seconds: float, headers: dict[str, str] | None = None) -> Reply:
    return await ask(
        runtime.current().upstreams[USERS],
        "POST",
        path,
        headers=(headers or {}).items(),
        body=orjson.dumps(body),
        seconds=seconds,
    )
