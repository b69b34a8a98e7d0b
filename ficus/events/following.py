"""Tells other services how far the consumers of this process have followed their logs: every 10 s, by the relay."""

from functools import partial

from ficus.events import followers, options
from ficus.events.chores import Chore
from ficus.events.consumer import consumers
from ficus.events.feeds import RemoteFeed, is_local

EVERY_SECONDS = 10.0


def tell(source: str) -> None:
    """
    Tell another service the places of all who follow its log here, together.

    :raises Unavailable: if it does not answer.
    """
    names = [name for name, consumer in consumers().items() if source in options.followed_by(consumer)]
    RemoteFeed(source).tell([followers.place(name, source) for name in names])


def chores() -> list[Chore]:
    """Return one chore for each log of another service that is followed here."""
    followed = dict.fromkeys(source for consumer in consumers().values() for source in options.followed_by(consumer))
    return [
        Chore(f"telling {source} our places", partial(tell, source), EVERY_SECONDS)
        for source in followed
        if not is_local(source)
    ]
