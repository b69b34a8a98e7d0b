"""The story of placing an order as ficus keeps it: a row with its timeline and a deadline, which no contender has."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bench.events.project import actions
from bench.events.project.events import Confirmed, Placed, Refused, Reserved
from ficus.events import log
from ficus.events.log import Fact
from ficus.sagas.saga import DONE, Saga, Step, Story, causes, together


@together
def confirm_orders(stories: Sequence[Story]) -> None:
    caused_by = causes(stories)

    def announce(order_ids: Sequence[UUID]) -> None:
        log.append_many(Fact(Confirmed(order_id=key), 2, caused_by=caused_by[key]) for key in order_ids)

    actions.confirm([story.key for story in stories], announce=announce)


def never(story: Story) -> None:
    """Stand for what the benchmark does not come to: nothing is refused, and nothing is ever that late."""
    raise AssertionError(f"order {story.key} was refused or late")


place_order = Saga(
    "orders.place_order",
    key="order_id",
    begins_with=Placed,
    steps=[Step("reserve", done_by=Reserved, refused_by=Refused, within=timedelta(hours=1))],
    when_done=confirm_orders,
    when_refused=never,
    when_late=never,
    ends_with={Confirmed: DONE},
)
