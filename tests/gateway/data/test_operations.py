"""What operators do to upstreams, and what they are shown."""

from ficus.resilience.breaker import State
from gateway.data.operations import Action, Order, obey, report
from gateway.data.routing.table import Table
from gateway.data.upstream.address import Address
from tests.gateway.making import gateway

ORDERS = {"orders": (Address("http://127.0.0.1:1"), Address("http://127.0.0.1:2"))}


def order(action: Action, number: int = 1) -> Order:
    return Order(number, "orders", action, "maintenance")


class TestOrder:
    def test_holds_the_breaker_through_changes_of_the_table(self) -> None:
        within = gateway()

        obey(within, order(Action.FORCE_OPEN))
        within.use(Table((), 2, ORDERS))

        breaker = within.upstreams["orders"].guard.breaker
        assert (breaker.state, breaker.reason) == (State.FORCED_OPEN, "maintenance")

    def test_holds_a_service_that_comes_later(self) -> None:
        within = gateway()
        within.use(Table((), 2, {}))

        obey(within, order(Action.FORCE_CLOSE))
        within.use(Table((), 3, ORDERS))

        assert within.upstreams["orders"].guard.breaker.state is State.FORCED_CLOSED

    def test_resets_breaker_and_instances(self) -> None:
        within = gateway()
        within.use(Table((), 2, ORDERS))
        upstream = within.upstreams["orders"]
        obey(within, order(Action.FORCE_OPEN))
        for _ in range(5):
            upstream.note_failure(upstream.instances[0], 0.0)

        obey(within, order(Action.RESET, 2))

        assert upstream.guard.breaker.state is State.CLOSED
        assert all(instance.standing.is_healthy for instance in upstream.instances)
        assert within.holds == {}


class TestReport:
    def test_says_how_breaker_instances_places_and_budget_are(self) -> None:
        within = gateway()
        within.use(Table((), 2, ORDERS))
        upstream = within.upstreams["orders"]
        for _ in range(5):
            upstream.guard.breaker.admit(1.0).fail(connecting=True)
            upstream.note_failure(upstream.instances[0], 1.0)

        state = report(within)["upstreams"]["orders"]

        assert (state["breaker"]["state"], state["breaker"]["reason"]) == ("open", "5 connect failures in a row")
        assert [instance["state"] for instance in state["instances"]] == ["ejected", "healthy"]
        assert state["bulkhead"] == {"in_flight": 0, "limit": 64, "waiting": 0, "refused": 0}
        assert state["budget"] == {"requests": 0, "retries": 0, "refused": 0}
