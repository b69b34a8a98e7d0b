"""How many requests come through, with Redis, without it, and while it goes; proves semantics, section 5."""

import re
import select
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.ficus.events.redis_server import RedisServer
from tests.gateway.wire.client import Answer
from tests.gateway.wire.conftest import Door, bearer, running_door
from tests.gateway.wire.service import Connection, FakeService, answer
from tests.gateway.wire.waiting import PATIENCE_SECONDS, until

WORKERS = 2
LAY = """
from gateway.control.models import Route, Service, TableVersion
orders = Service.objects.get(name="orders")
for name, columns in {routes!r}.items():
    Route.objects.create(name=name, service=orders, **columns)
TableVersion.objects.update(number=2)
"""


def route(path: str, access: str = "signed in", **policies: Any) -> dict[str, Any]:
    return {"path": path, "access": access, "policies": policies}


ROUTES = {
    "exact": route("/exact", rate={"limits": ["6/hour by subject"], "exact": True}),
    "several": route("/several", rate={"limits": ["3/hour by subject", "4/hour by client"], "exact": True}),
    "near": route("/near", rate={"limits": ["6/hour by subject"]}),
    "twice": route("/twice", access="public", concurrency={"most": 2 * WORKERS, "by": "route"}),
    "short": route("/short", access="public", head={"fields": 3}),
    "scoped": route("/scoped", require={"scopes": ["orders:read", "orders:write"], "role": "support"}),
}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.thaw()
    server.client.close()
    server.kill()


@pytest.fixture(scope="module")
def limited(
    tmp_path_factory: pytest.TempPathFactory, _services: tuple[FakeService, FakeService], redis: RedisServer
) -> Iterator[Door]:
    """A gateway of two workers with a Redis of its own."""
    state = tmp_path_factory.mktemp("limited")
    with running_door(state, *_services, REDIS_URL=redis.url, WEB_WORKERS=str(WORKERS)) as door:
        door.manage("shell", "--verbosity=0", "-c", LAY.format(routes=ROUTES))
        until(lambda: [door.ask("GET", "/short").status for _ in range(20)] == [200] * 20)
        yield door


@pytest.fixture(autouse=True)
def _issuer_of_limited(limited: Door, settings: Any) -> None:
    settings.TOKENS = {**settings.TOKENS, "ISSUER": limited.environment["PUBLIC_URL"]}


@pytest.fixture
def whole(limited: Door, redis: RedisServer) -> Iterator[None]:
    """See that both workers know of Redis, before and after."""
    until_exact(limited)
    yield
    redis.thaw()
    until_exact(limited)


def ask(door: Door, path: str, times: int, **person: Any) -> list[Answer]:
    """Ask as somebody who has not asked before; each time over a connection of its own, to whichever worker."""
    credential = bearer(**{"user_id": uuid4(), **person})
    return [door.ask("GET", path, credential) for _ in range(times)]


def until_exact(door: Door) -> list[Answer]:
    """Ask until Redis has decided each time, whichever worker was asked, and return the answers to nine questions."""
    return until(lambda: ask(door, "/exact", 9), lambda answers: left(answers) == [5, 4, 3, 2, 1, 0, 0, 0, 0])


def left(answers: list[Answer]) -> list[int]:
    """Return how many requests more each answer speaks of."""
    return [int((each.header("ratelimit") or "").partition(";r=")[2].partition(";")[0] or -1) for each in answers]


def statuses(answers: list[Answer]) -> dict[int, int]:
    return dict(Counter(each.status for each in answers))


class TestWithRedis:
    def test_two_workers_count_as_one_and_say_what_is_left(self, limited: Door, whole: None) -> None:
        answers = until_exact(limited)

        assert [each.status for each in answers] == [200] * 6 + [429] * 3
        assert {each.header("ratelimit-policy") for each in answers} == {'"subject-3600";q=6;w=3600'}
        told = [re.fullmatch(r'"subject-3600";r=(\d);t=(\d+)', each.header("ratelimit") or "") for each in answers[:5]]
        assert [found and found[1] for found in told] == ["5", "4", "3", "2", "1"]
        assert all(found and 540 < int(found[2]) <= 600 for found in told)

    def test_who_is_refused_hears_in_every_way_the_same(self, limited: Door, whole: None) -> None:
        refused = until_exact(limited)[-1]

        wait = int(refused.header("retry-after") or 0)
        assert 540 < wait <= 600
        assert refused.header("ratelimit") == f'"subject-3600";r=0;t={wait}'
        assert refused.header("content-type") == "application/problem+json"
        assert {name: refused.json[name] for name in ("status", "code", "violated-policies", "detail")} == {
            "status": 429,
            "code": "quota_exceeded",
            "violated-policies": ["subject-3600"],
            "detail": f"That is more than is allowed here; come back in {wait} s.",
        }

    def test_several_limits_hold_at_once(self, limited: Door, whole: None) -> None:
        expected = [200, 200, 200, 429, 200, 429]

        def both() -> tuple[list[Answer], list[Answer]]:
            client = str(uuid4())
            return ask(limited, "/several", 4, client_id=client), ask(limited, "/several", 2, client_id=client)

        ada, sam = until(both, lambda seen: [each.status for each in (*seen[0], *seen[1])] == expected)

        assert ada[3].json["violated-policies"] == ["subject-3600"]
        assert sam[1].json["violated-policies"] == ["client-3600"]

    def test_workers_that_tell_each_other_keep_near_the_limit(self, limited: Door, whole: None) -> None:
        ada = uuid4()
        answers: list[Answer] = []

        def ask_ten() -> list[int]:
            answers.extend(ask(limited, "/near", 10, user_id=ada))
            return [each.status for each in answers[-10:]]

        until(ask_ten, lambda seen: seen == [429] * 10)

        assert statuses(answers).keys() == {200, 429}
        assert 6 <= statuses(answers)[200] <= 6 * WORKERS


class TestWithoutRedis:
    @pytest.mark.parametrize("path", ["/exact", "/near"])
    def test_that_was_killed_each_worker_keeps_to_its_share(
        self, limited: Door, redis: RedisServer, whole: None, path: str
    ) -> None:
        redis.kill()
        try:
            time.sleep(1)
            answers = ask(limited, path, 40)
        finally:
            redis.start()

        assert statuses(answers).keys() == {200, 429}
        assert 6 // WORKERS <= statuses(answers)[200] <= 6
        assert all(each.header("ratelimit") and each.header("ratelimit-policy") for each in answers)

    @pytest.mark.parametrize("path", ["/exact", "/near"])
    def test_that_hangs_each_worker_keeps_to_its_share(
        self, limited: Door, redis: RedisServer, whole: None, path: str
    ) -> None:
        redis.freeze()
        try:
            time.sleep(1.5)
            answers = ask(limited, path, 40)
        finally:
            redis.thaw()

        assert statuses(answers).keys() == {200, 429}
        assert 6 // WORKERS <= statuses(answers)[200] <= 6

    def test_that_goes_and_comes_in_the_middle_nothing_fails_and_nobody_gets_more(
        self, limited: Door, redis: RedisServer, whole: None
    ) -> None:
        with load(limited) as (seen, per_person):
            for disturb, mend in ((redis.kill, redis.start), (redis.freeze, redis.thaw)):
                time.sleep(0.7)
                disturb()
                time.sleep(1.5)
                mend()
            time.sleep(1.0)

        assert seen.keys() == {200, 429}, seen
        # A whole limit by Redis, and all shares of it besides, each time that Redis forgot or was away.
        assert max(per_person.values()) <= 6 * 5


@contextmanager
def load(door: Door) -> Iterator[tuple[Counter[int], Counter[str]]]:
    """Ask without end as four people; yield the statuses seen, and how often each was served."""
    seen: Counter[int] = Counter()
    served: Counter[str] = Counter()
    ended = threading.Event()

    def ask_on(person: str) -> None:
        credential = bearer(user_id=person)
        while not ended.is_set():
            status = door.ask("GET", "/exact", credential).status
            seen[status] += 1
            served[person] += status == 200

    threads = [threading.Thread(target=ask_on, args=(str(uuid4()),), daemon=True) for _ in range(4)]
    for each in threads:
        each.start()
    try:
        yield seen, served
    finally:
        ended.set()
        for each in threads:
            each.join()


class TestConcurrency:
    def test_is_counted_until_the_answer_is_whole_or_the_client_has_left(
        self, limited: Door, orders: FakeService
    ) -> None:
        go_on, under_way = threading.Event(), threading.Semaphore(0)

        def wait(connection: Connection, _: object) -> None:
            under_way.release()
            go_on.wait(PATIENCE_SECONDS)
            connection.send(answer(200))

        orders.on("/twice", wait)
        # Each worker takes two, and the kernel gives a connection to whichever it likes.
        clients = [limited.connect() for _ in range(24)]
        try:
            for client in clients:
                client.send(b"GET /twice HTTP/1.1\r\nHost: ficus.test\r\n\r\n")
            for _ in range(2):
                assert under_way.acquire(timeout=PATIENCE_SECONDS)
            answered, _, _ = select.select([each.socket for each in clients], [], [], PATIENCE_SECONDS)
            refused = next(each for each in clients if each.socket in answered).answer()

            assert (refused.status, refused.json["violated-policies"]) == (429, ["concurrency-route"])
            assert refused.header("retry-after") == "1"
        finally:
            for client in clients:
                client.socket.close()  # those under way, too
            go_on.set()
        orders.forget()
        until(lambda: [limited.ask("GET", "/twice").status for _ in range(10)] == [200] * 10)


class TestTerms:
    def test_of_a_head_hold_on_that_route_alone(self, limited: Door) -> None:
        assert limited.ask("GET", "/short", "A: 1", "B: 2").status == 200
        assert limited.ask("GET", "/short", "A: 1", "B: 2", "C: 3").status == 431
        assert limited.ask("GET", "/products", "A: 1", "B: 2", "C: 3").status == 200

    def test_of_scopes_and_role_are_named_where_they_are_missing(self, limited: Door, orders: FakeService) -> None:
        refused = limited.ask("GET", "/scoped", bearer(scopes=["orders:read"], roles=["customer"]))

        assert refused.status == 403
        assert refused.header("www-authenticate") == (
            'Bearer realm="ficus", error="insufficient_scope", scope="orders:write"'
        )
        assert (refused.json["missing_scopes"], refused.json["missing_role"]) == (["orders:write"], "support")
        assert [asked for asked in orders.asked if asked.target == "/scoped"] == []
        assert limited.ask("GET", "/scoped", bearer(roles=["operator"])).status == 200
        assert limited.ask("GET", "/scoped").status == 401
