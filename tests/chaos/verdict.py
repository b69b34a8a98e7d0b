"""Holds what the system has against what its customers were told. Every finding is one line about one order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.ledger import Wish


@dataclass
class Verdict:
    """
    What is wrong; nothing, if all is well.

    :ivar lost: what customers were told and what is not so.
    :ivar doubled: what was asked for once and happened twice.
    :ivar mismatches: what the audits found, and whatever else a right system never shows.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.mismatches)


def find_lost(wishes: Sequence[Wish], statuses: Mapping[str, str]) -> list[str]:
    """
    Return the orders that a customer was promised and that are not there, or not in the state that he was promised.

    :param statuses: the status of every order by id.
    """
    found = []
    for wish in wishes:
        for order_id in sorted(wish.order_ids):
            status = statuses.get(order_id)
            if status is None:
                found.append(f"order {order_id} was acknowledged and is not there")
            elif wish.cancelled == "yes" and status != "CANCELLED":
                found.append(f"order {order_id} was cancelled and is {status}")
            elif wish.fulfilled == "yes" and status != "FULFILLED":
                found.append(f"order {order_id} was fulfilled and is {status}")
    return found


def find_doubled(wishes: Sequence[Wish], statuses: Mapping[str, str]) -> list[str]:
    """Return what one key made twice, and orders that are there although nobody was told of them."""
    found = [
        f"key {wish.key} made orders {', '.join(sorted(wish.order_ids))}" for wish in wishes if len(wish.order_ids) > 1
    ]
    known = {order_id for wish in wishes for order_id in wish.order_ids}
    unknown = sorted(statuses.keys() - known)
    # An order may have been made for a customer who never got his answer; one for each, and no more.
    unanswered = sum(not wish.is_definite for wish in wishes)
    if len(unknown) > unanswered:
        found += [f"order {order_id} is there and was acknowledged to nobody" for order_id in unknown]
    return found


def find_unanswered(wishes: Sequence[Wish]) -> list[str]:
    return [f"key {wish.key} never got a definite answer" for wish in wishes if not wish.is_definite]


def find_wrongly_parked(parked: set[str], thrown: set[str]) -> list[str]:
    """Return the events that are parked and were not thrown, and those that were thrown and are not parked."""
    return [
        *(f"event {event_id} is parked and was not thrown" for event_id in sorted(parked - thrown)),
        *(f"event {event_id} was thrown and is not parked" for event_id in sorted(thrown - parked)),
    ]


def count_statuses(wishes: Sequence[Wish], statuses: Mapping[str, str]) -> dict[str, int]:
    """Return how the acknowledged orders ended."""
    ended = (statuses.get(order_id, "missing") for wish in wishes for order_id in wish.order_ids)
    return dict(sorted(Counter(ended).items()))
