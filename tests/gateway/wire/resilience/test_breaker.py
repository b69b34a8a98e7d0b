"""Services and instances that are left alone, and how they come back; proves semantics, sections 1 and 4."""

import asyncio
import json
import time

from gateway.data.upstream.checks import Checks, check
from gateway.data.upstream.terms import ServiceTerms
from gateway.data.upstream.upstream import Upstream
from tests.gateway.wire.resilience.conftest import Scene, never, says
from tests.gateway.wire.service import FakeService
from tests.gateway.wire.waiting import until


class TestBreaker:
    def test_opens_when_nobody_can_be_reached(self, scene: Scene) -> None:
        codes = [scene.ask("POST", "/gone/a").json["code"] for _ in range(4)]

        suspended = until(
            lambda: scene.ask("GET", "/gone/a"), lambda answered: answered.json["code"] == "service_suspended"
        )

        assert codes[0] == "service_unavailable"
        assert suspended.status == 503
        assert suspended.header("content-type") == "application/problem+json"
        assert 1 <= int(suspended.header("retry-after") or 0) <= 12

    def test_opens_when_half_of_the_calls_fail_and_closes_when_they_succeed_again(self, scene: Scene) -> None:
        service = scene.services["broken"]
        service.on("/broken/a", says(500))
        with scene.door.connect() as client:
            statuses = [client.ask("POST", "/broken/a").status for _ in range(20)]
            refused = client.ask("POST", "/broken/a")
            asked = len(service.asked)
            service.forget()
            until(lambda: client.ask("POST", "/broken/a").status == 200)

        assert statuses == [500] * 20
        assert (refused.status, refused.json["code"], asked) == (503, "service_suspended", 20)
        assert scene.comes_to_count("gateway_breaker_transitions_total", 'state="open",upstream="broken"')
        assert scene.comes_to_count("gateway_refusals_total", 'reason="service_suspended",upstream="broken"')
        assert until(lambda: _told_of(scene, "breaker of broken"), lambda told: len(told) >= 2)[:2] == [
            "breaker of broken: closed -> open, 20 of 20 calls failed",
            "breaker of broken: open -> half_open, it is time to try again",
        ]

    def test_does_not_hear_clients_who_are_in_a_hurry(self, scene: Scene) -> None:
        scene.services["hurried"].on("/hurried/a", never)

        statuses = [scene.ask("POST", "/hurried/a", "X-Request-Timeout-Ms: 60").status for _ in range(25)]

        assert statuses == [504] * 25
        assert scene.ask("GET", "/hurried/b").status == 200


class TestActiveCheck:
    def test_takes_an_instance_out_that_is_not_well_and_brings_it_back(self) -> None:
        async def checked(times: int) -> bool:
            for _ in range(times):
                await check(upstream, upstream.instances[0])
            upstream.instances[0].close_idle(before=time.monotonic() + 1)
            await asyncio.sleep(0.2)  # for the connections to be closed
            return upstream.instances[0].standing.is_healthy

        with FakeService() as service:
            upstream = Upstream("orders", [service.url])
            service.is_well = False
            verdicts = [asyncio.run(checked(2)), asyncio.run(checked(1))]
            service.is_well = True
            verdicts += [asyncio.run(checked(1)), asyncio.run(checked(1))]
        gone = asyncio.run(checked(3))

        assert verdicts == [True, False, False, True]
        assert not gone
        assert "does not answer" in upstream.instances[0].standing.fault

    def test_leaves_alone_what_is_not_to_be_asked(self) -> None:
        upstream = Upstream("orders", ["http://127.0.0.1:1"], terms=ServiceTerms(health_path="none"))

        Checks().begin_due(upstream, 100.0)

        assert upstream.instances[0].standing.next_check == 0.0


class TestEjection:
    def test_leaves_an_instance_alone_that_fails_every_time(self, scene: Scene) -> None:
        scene.services["ejected-1"].on("/ejected/a", says(500))

        statuses = [scene.ask("POST", "/ejected/a").status for _ in range(60)]

        assert statuses.count(500) == 5
        assert statuses[-5:] == [200] * 5
        assert scene.comes_to_count("gateway_ejections_total", 'upstream="ejected"')


class TestOperators:
    def test_force_a_breaker_open_and_let_it_go_again(self, scene: Scene) -> None:
        def code() -> str:
            answered = scene.ask("GET", "/ordered/a")
            return "" if answered.status == 200 else str(answered.json["code"])

        assert code() == ""
        scene.door.manage("upstreams", "force-open", "ordered", "--reason", "Moving house", "--as", "olga")
        until(lambda: code() == "service_suspended")
        until(lambda: "forced_open" in _section(scene.door.manage("upstreams"), "ordered"))
        assert scene.comes_to_count("gateway_breaker_state", 'state="forced_open",upstream="ordered"')
        listed = _section(scene.door.manage("upstreams"), "ordered")
        scene.door.manage("upstreams", "reset", "ordered", "--reason", "Moved")
        until(lambda: code() == "")

        assert scene.comes_to_count("gateway_breaker_state", 'state="closed",upstream="ordered"')
        assert "Moving house" in listed
        assert f"{scene.services['ordered'].url} healthy" in listed


def _section(listed: str, service: str) -> str:
    """Return what is said of one service."""
    lines = listed.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"{service} in "))
    end = next((number for number in range(begin + 1, len(lines)) if not lines[number].startswith(" ")), len(lines))
    return "\n".join(lines[begin:end])


def _told_of(scene: Scene, what: str) -> list[str]:
    """Return the lines of the gateway's log that contain it, but for one that is still being written."""
    whole = scene.door.log.read_text().rpartition("\n")[0].splitlines()
    events = [str(json.loads(line).get("event", "")) for line in whole if line.startswith("{")]
    return [event for event in events if what in event]
