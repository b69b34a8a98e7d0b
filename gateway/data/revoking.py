"""Follows what the users service has revoked, so that no worker lets a token through for more than a second longer."""

import asyncio
import logging
from typing import TYPE_CHECKING

from ficus.auth.listening import ANSWER_SECONDS, PATH, POLL_SECONDS, Ear
from gateway.data.upstream.question import Unanswered, ask

if TYPE_CHECKING:
    from gateway.data.runtime import Gateway

logger = logging.getLogger(__name__)

ISSUER = "users"


async def follow(gateway: "Gateway") -> None:
    """Ask for what is new, for ever; while nobody answers nothing is forgotten."""
    ear, away = Ear(gateway.tokens.revoke, expect=gateway.tokens.expect), False
    while True:
        try:
            await learn(gateway, ear)
            away = False
        except Unanswered as error:
            logger.log(logging.DEBUG if away else logging.WARNING, "revoked tokens are not known: %s", error)
            away = True
        await asyncio.sleep(POLL_SECONDS)


async def learn(gateway: "Gateway", ear: Ear) -> None:
    """
    Ask once, by the route table's address of the service and as every other request of the gateway goes there.

    :raises Unanswered: if the service does not say.
    """
    upstream = gateway.upstreams.get(ISSUER)
    if upstream is None:
        raise Unanswered(f"there is no service {ISSUER}")
    reply = await ask(upstream, "GET", f"{PATH}?since={ear.since():.3f}", seconds=ANSWER_SECONDS)
    if reply.status != 200:
        raise Unanswered(f"the answer is {reply.status}")
    told = reply.json()
    try:
        ear.learn(told)
    except ValueError as error:
        raise Unanswered(str(error)) from None
