"""What is tried again, how often, and what never is; proves semantics, section 2."""

from collections import Counter

import pytest

from tests.gateway.wire.resilience.conftest import STATUSES, Scene, hang_up, never, says, times
from tests.gateway.wire.service import Asked, Connection


class TestRetry:
    def test_goes_to_another_instance(self, scene: Scene) -> None:
        one, two = scene.services["pair-1"], scene.services["pair-2"]
        one.on("/pair/a", says(503))

        statuses = [scene.ask("GET", "/pair/a").status for _ in range(30)]

        assert statuses == [200] * 30
        assert len(two.asked) == 30
        assert len(one.asked) >= 1

    @pytest.mark.parametrize("status", STATUSES)
    def test_follows_an_answer_that_says_so_twice_at_most(self, scene: Scene, status: int) -> None:
        service, first, second = scene.services[f"says-{status}"], f"/says-{status}/a", f"/says-{status}/b"
        service.on(first, times(2, says(status)))
        service.on(second, says(status))

        answers = [scene.ask("GET", path) for path in (first, second)]

        assert [answered.status for answered in answers] == [200, status]
        assert answers[1].body == b"no"
        assert scene.comes_to_count("gateway_retries_total", f'outcome="made",upstream="says-{status}"', 4)
        assert Counter(asked.target for asked in service.asked) == {first: 3, second: 3}

    @pytest.mark.parametrize("status", [500, 501, 404, 429])
    def test_does_not_follow_another_status(self, scene: Scene, status: int) -> None:
        scene.services["fixed"].on("/fixed/a", says(status))

        scene.ask("DELETE", "/fixed/a")

        assert len(scene.services["fixed"].asked) == 1

    def test_follows_a_reset_with_the_same_body(self, scene: Scene) -> None:
        service, body = scene.services["writes-1"], b"x" * 65_536
        for each in (service, scene.services["writes-2"]):
            each.on("/writes/a", times(1, hang_up))

        answered = scene.ask("PUT", "/writes/a", body=body)

        asked = [*service.asked, *scene.services["writes-2"].asked]
        assert answered.status == 200
        assert [each.body for each in asked] == [body] * len(asked)
        assert 2 <= len(asked) <= 3

    def test_sends_a_chunked_body_again(self, scene: Scene) -> None:
        for name in ("writes-1", "writes-2"):
            scene.services[name].on("/writes/b", times(1, hang_up))

        with scene.door.connect() as client:
            client.send(b"PUT /writes/b HTTP/1.1\r\nHost: ficus.test\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
            answered = client.answer()
            following = client.ask("GET", "/writes/c")

        assert answered.json["body"] == "hello world"
        assert following.status == 200

    def test_does_not_follow_where_the_body_was_too_large_to_be_kept(self, scene: Scene) -> None:
        scene.services["writes-1"].on("/writes/d", hang_up)
        scene.services["writes-2"].on("/writes/d", hang_up)

        answered = scene.ask("PUT", "/writes/d", body=b"x" * 65_537)

        assert (answered.status, answered.json["code"]) == (502, "bad_gateway")
        assert len(scene.services["writes-1"].asked) + len(scene.services["writes-2"].asked) == 1

    def test_of_what_writes_needs_a_key_and_the_route_s_consent(self, scene: Scene) -> None:
        for name in ("writes-1", "writes-2", "pair-1", "pair-2"):
            scene.services[name].on(f"/{name[:-2]}/e", says(503))

        scene.ask("POST", "/writes/e", body=b"without")
        scene.ask("POST", "/pair/e", "Idempotency-Key: 1", body=b"no consent")
        scene.ask("POST", "/writes/e", "Idempotency-Key: 1", body=b"with")

        bodies = [asked.body for service in scene.services.values() for asked in service.asked]
        assert Counter(bodies) == {b"without": 1, b"no consent": 1, b"with": 3}

    def test_is_left_to_the_route(self, scene: Scene) -> None:
        scene.services["single"].on("/single/a", says(503))

        assert scene.ask("GET", "/single/a").status == 503
        assert len(scene.services["single"].asked) == 1

    def test_never_follows_the_first_byte_of_an_answer(self, scene: Scene) -> None:
        def half(connection: Connection, asked: Asked) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            connection.close()

        scene.services["fixed"].on("/fixed/half", half)

        with scene.door.connect() as client:
            client.send(b"GET /fixed/half HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            status, _ = client.head()
            with pytest.raises(ConnectionError):
                client.read(10)

        assert status == 200
        assert len(scene.services["fixed"].asked) == 1

    def test_does_not_follow_when_the_service_asks_for_more_time_than_there_is(self, scene: Scene) -> None:
        scene.services["ordered"].on("/ordered/b", says(503, "Retry-After: 60"))

        answered = scene.ask("GET", "/ordered/b")

        assert (answered.status, answered.header("retry-after")) == (503, "60")
        assert len(scene.services["ordered"].asked) == 1

    def test_follows_a_try_that_took_too_long(self, scene: Scene) -> None:
        scene.services["late"].on("/late/a", times(1, never))

        assert scene.ask("GET", "/late/a").status == 200
        assert 2 <= len(scene.services["late"].asked) <= 3

    def test_follows_a_connection_that_failed_whatever_the_method(self, scene: Scene) -> None:
        statuses = [scene.ask("POST", "/half/a", body=b"once").status for _ in range(10)]

        assert statuses == [200] * 10
        assert [asked.body for asked in scene.services["half-1"].asked] == [b"once"] * 10
