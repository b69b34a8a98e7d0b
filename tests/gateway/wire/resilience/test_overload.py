"""More than a service or the gateway can take, and what is said instead; proves semantics, section 4."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.gateway.wire.client import Answer
from tests.gateway.wire.resilience.conftest import IN_FLIGHT_LIMIT, Scene, hang_up, says
from tests.gateway.wire.service import Asked, Connection, FakeService, answer, echo
from tests.gateway.wire.waiting import PATIENCE_SECONDS, until


class TestBulkhead:
    def test_keeps_a_slow_service_from_taking_the_others_along(self, scene: Scene) -> None:
        held = threading.Event()

        def wait(connection: Connection, asked: Asked) -> None:
            held.wait(PATIENCE_SECONDS)
            echo(connection, asked)

        scene.services["narrow"].on("/narrow/a", wait)
        with ThreadPoolExecutor(2) as clients:
            slow = [clients.submit(scene.ask, "POST", "/narrow/a", body=b"slow") for _ in range(2)]
            until(lambda: len(scene.services["narrow"].asked) == 2)
            busy = scene.ask("GET", "/narrow/b")
            others = [scene.ask("GET", path).status for path in ("/livez", "/fixed/a", "/admin/login/")]
            held.set()

        assert (busy.status, busy.json["code"], busy.header("retry-after")) == (503, "service_busy", "1")
        assert others[:2] == [200, 200]
        assert others[2] < 500
        assert [each.result().status for each in slow] == [200, 200]
        assert scene.ask("GET", "/narrow/b").status == 200
        assert scene.comes_to_count("gateway_refusals_total", 'reason="service_busy",upstream="narrow"')

    def test_lets_those_wait_who_come_at_once(self, scene: Scene) -> None:
        bodies = [f"number {number}".encode() for number in range(16)]

        def ask_at_once() -> list[Answer]:
            with ThreadPoolExecutor(16) as clients:
                return list(clients.map(lambda body: scene.ask("POST", "/narrow/c", body=body), bodies))

        def is_served(answered: Answer) -> bool:
            return answered.status == 200

        # They wait for 100 ms, in which a busy machine may serve nobody.
        answers = until(ask_at_once, lambda answers: sum(map(is_served, answers)) > 2)

        served = [(answered, body) for answered, body in zip(answers, bodies, strict=True) if is_served(answered)]
        assert [answered.json["body"].encode() for answered, _ in served] == [body for _, body in served]
        assert {answered.json["code"] for answered in answers if answered.status != 200} <= {"service_busy"}


class TestLoadShedding:
    def test_refuses_what_is_too_much_and_still_answers_for_itself(self, scene: Scene) -> None:
        held = threading.Event()

        def wait(connection: Connection, asked: Asked) -> None:
            held.wait(PATIENCE_SECONDS)
            echo(connection, asked)

        scene.services["many"].on("/many/slow", wait)
        with ThreadPoolExecutor(IN_FLIGHT_LIMIT) as clients:
            slow = [clients.submit(scene.ask, "POST", "/many/slow") for _ in range(IN_FLIGHT_LIMIT)]
            until(lambda: len(scene.services["many"].asked) == IN_FLIGHT_LIMIT)
            shed = scene.ask("GET", "/single/c")
            health, admin = scene.ask("GET", "/livez"), scene.ask("GET", "/admin/login/")
            held.set()

        assert (shed.status, shed.json["code"], shed.header("retry-after")) == (503, "overloaded", "1")
        assert (health.status, admin.status < 500) == (200, True)
        assert Counter(each.result().status for each in slow) == {200: IN_FLIGHT_LIMIT}
        assert scene.ask("GET", "/single/c").status == 200
        assert scene.comes_to_count("gateway_refusals_total", 'reason="overloaded",upstream="single"')


class TestFallback:
    def test_is_a_fixed_answer(self, scene: Scene) -> None:
        scene.services["fixed"].on("/fixed/b", says(500))

        answered = scene.ask("GET", "/fixed/b")
        written = scene.ask("POST", "/fixed/b")

        assert (answered.status, answered.body, answered.header("content-type")) == (200, b"[]", "application/json")
        assert (answered.header("x-ficus-degraded"), answered.header("cache-control")) == ("static", "no-store")
        assert written.status == 500
        assert scene.comes_to_count("gateway_degraded_total", 'kind="static",route="fixed"')

    def test_is_composed_of_what_there_is(self, scene: Scene, users: FakeService) -> None:
        scene.services["composed"].on("/composed/a", hang_up)
        users.says("/users/me", answer(200, b'{"name": "ada"}', "Content-Type: application/json"))

        answered = scene.ask("GET", "/composed/a", "Authorization: Bearer mine")

        assert answered.status == 200
        assert answered.json == {"user": {"name": "ada"}, "degraded": ["gone"]}
        assert answered.header("x-ficus-degraded") == "composed"
        assert users.asked[-1].header("authorization") == "Bearer mine"

    def test_is_the_next_one_where_one_has_nothing(self, scene: Scene, users: FakeService) -> None:
        scene.services["composed"].on("/composed/a", hang_up)
        users.says("/users/me", answer(401))

        answered = scene.ask("GET", "/composed/a")

        assert (answered.body, answered.header("x-ficus-degraded")) == (b"none", "static")
