"""Follows the services of the table in the registry, so that instances come and go without a change of the table."""

import asyncio
import logging

from ficus.discovery.follower import Follower
from ficus.discovery.registry import Registry
from gateway.data.runtime import Gateway

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25


async def follow(gateway: Gateway, registry: Registry | None) -> None:
    """Keep instances those that the registry knows, for ever; each service is watched in a thread of its own."""
    if registry is None:
        return
    try:
        while True:
            look(gateway, registry)
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        for follower in gateway.followers.values():
            follower.stop()


def look(gateway: Gateway, registry: Registry) -> None:
    """Put in force what the followers have heard, after seeing to it that there is one for each service."""
    sought, followers = gateway.table.sought, gateway.followers
    for service in [each for each in followers if sought.get(each) != followers[each].service]:
        followers.pop(service).stop()
    for service in sought.keys() - followers.keys():
        followers[service] = Follower(registry, sought[service])
        followers[service].start()
    found = {service: follower.instances for service, follower in followers.items()}
    if found == gateway.found:
        return
    for service in found.keys() | gateway.found.keys():
        now, before = ({each.address for each in known.get(service, ())} for known in (found, gateway.found))
        if now != before:
            came, went = " ".join(sorted(now - before)), " ".join(sorted(before - now))
            logger.info("%s in the registry: came %s; went %s", service, came or "nobody", went or "nobody")
    gateway.learn(found)
