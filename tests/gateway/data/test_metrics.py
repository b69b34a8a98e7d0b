from collections.abc import Mapping

import pytest
from prometheus_client import REGISTRY

from ficus.discovery.follower import Follower
from ficus.discovery.static import StaticRegistry
from ficus.resilience.breaker import State
from ficus.resilience.bulkhead import Full
from gateway.data.access_log import AccessLog
from gateway.data.cache.status import Outcome
from gateway.data.metrics import publish, publish_cached
from gateway.data.routing.route import Route
from gateway.data.runtime import Gateway
from gateway.data.upstream.upstream import Upstream
from tests.gateway.making import gateway, request

LABELS = {"route": "published", "upstream": "orders"}
ROUTE = Route("published", "orders", b"/orders")
REASONS = ("overloaded", "service_busy", "service_suspended")


def value(name: str, labels: Mapping[str, str] | None = None) -> float:
    return REGISTRY.get_sample_value(name, dict(labels or {})) or 0.0


def answer(within: Gateway, *seconds: float, status: int = 200) -> None:
    for each in seconds:
        within.tally.add(request("GET", "/orders/7", route=ROUTE, within=within), status, each)


class Guest:
    def place_given(self) -> None:
        raise AssertionError("there is no place")


def guard_value(name: str, **labels: str) -> float:
    return value(f"gateway_{name}_total", {"upstream": "guarded", **labels})


def states() -> set[str]:
    """Return the states in which the guarded service's breaker is said to be."""
    return {state for state in State if value("gateway_breaker_state", {"upstream": "guarded", "state": state})}


class TestPublish:
    def test_says_how_old_what_the_registry_said_is(self) -> None:
        within = gateway(ROUTE)
        now = [100.0]
        within.followers["orders"] = Follower(StaticRegistry(), "orders", clock=lambda: now[0])
        now[0] = 142.5

        publish(within)

        assert value("gateway_registry_age_seconds", {"upstream": "orders"}) == 42.5

    def test_counts_requests_and_sorts_their_times(self) -> None:
        within = gateway(ROUTE)
        answer(within, 0.002, 0.2)
        answer(within, 40.0, status=504)
        bucket, bounds = "gateway_request_seconds_bucket", ("0.0025", "1.0")

        publish(within)

        assert [value(bucket, {**LABELS, "le": bound}) for bound in bounds] == [1, 2]
        assert value("gateway_request_seconds_count", LABELS) == 3
        assert value("gateway_request_seconds_sum", LABELS) == 40.202
        assert value("gateway_requests_total", {**LABELS, "method": "GET", "status": "200"}) == 2
        assert value("gateway_requests_total", {**LABELS, "method": "GET", "status": "504"}) == 1

        publish(within)

        assert value("gateway_request_seconds_count", LABELS) == 3

    def test_counts_what_was_no_request_and_times_nothing(self) -> None:
        within = gateway()
        nobody = {"route": "", "upstream": "", "method": "", "status": "431"}
        before = value("gateway_requests_total", nobody)
        within.tally.add_unread(431)

        publish(within)

        assert value("gateway_requests_total", nobody) - before == 1
        assert value("gateway_request_seconds_count", {"route": "", "upstream": ""}) == 0

    def test_says_how_things_are_now(self) -> None:
        within = gateway()
        within.upstreams["orders"].instances[0].outstanding = 3
        within.trouble = "orders is no service"

        publish(within)

        assert value("gateway_upstream_requests_in_flight", {"upstream": "orders"}) == 3
        assert (value("gateway_table_version"), value("gateway_tables_refused")) == (1, 1)
        assert value("gateway_connections") == 0

    def test_counts_lost_lines_once(self) -> None:
        within = gateway()
        within.access_log = AccessLog(len, for_machine=True)
        within.access_log.lost = 7
        before = value("gateway_log_lines_lost_total")

        publish(within)
        publish(within)

        assert value("gateway_log_lines_lost_total") - before == 7

    def test_counts_what_limits_decided_and_what_was_revoked(self) -> None:
        within = gateway()
        decided = {"route": "published", "limit": "subject-60", "outcome": "refused"}
        before = value("gateway_revocations_total")
        within.limiter.counts["published", "subject-60", "refused"] = 3
        within.tokens.revoke({"somebody": 1.0, "somebody else": 1.0}, token_seconds=300)

        for _ in range(2):
            publish(within)

        assert value("gateway_limit_decisions_total", decided) == 3
        assert value("gateway_revocations_total") - before == 2

    def test_counts_what_the_guards_of_services_did(self) -> None:
        within = gateway()
        guarded = Upstream("guarded", ["http://10.0.0.1", "http://10.0.0.2"])
        within.upstreams = {"guarded": guarded}
        guarded.guard.shed, guarded.guard.suspended = 2, 3
        guarded.guard.bulkhead.resize(0, 0)
        with pytest.raises(Full):
            guarded.guard.bulkhead.enter(Guest())
        spent = [guarded.guard.budget.spend(now=0.0) for _ in range(4)]
        for _ in range(5):
            guarded.note_failure(guarded.instances[0], 0.0)

        for _ in range(2):
            publish(within)

        assert spent == [True, True, True, False]
        assert {reason: guard_value("refusals", reason=reason) for reason in REASONS} == dict(
            zip(REASONS, (2, 1, 3), strict=True)
        )
        assert [guard_value("retries", outcome=outcome) for outcome in ("made", "refused")] == [3, 1]
        assert guard_value("ejections") == 1

    def test_says_in_which_state_a_breaker_is_until_its_service_goes(self) -> None:
        within = gateway()
        within.upstreams = {"guarded": Upstream("guarded", ["http://10.0.0.1"])}

        seen = []
        for how in ("", "open", "closed"):
            within.upstreams["guarded"].guard.hold(how, "to see")
            publish(within)
            seen.append(states())
        within.upstreams = {}
        publish(within)

        assert seen == [{"closed"}, {"forced_open"}, {"forced_closed"}]
        assert states() == set()
        assert guard_value("breaker_transitions", state="forced_open") == 1

    def test_counts_degraded_answers_by_kind(self) -> None:
        within = gateway()
        within.degraded["published", "composed"] = 2

        publish(within)
        publish(within)
        publish_cached({("published", Outcome.ON_ERROR.value): 3, ("published", Outcome.HIT.value): 5}, 0)

        kinds = ("composed", "cached")
        counts = [value("gateway_degraded_total", {"route": "published", "kind": kind}) for kind in kinds]
        assert counts == [2, 3]
