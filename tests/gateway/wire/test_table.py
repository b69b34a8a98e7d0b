"""A change of the table reaches a running worker; proves architecture, section 6."""

from pathlib import Path

from redis import Redis

from ficus.supervisor.embedded_redis import embedded_redis
from ficus.testing.processes import Processes, free_ports
from tests.gateway.wire.conftest import Door, running_door
from tests.gateway.wire.service import FakeService
from tests.gateway.wire.waiting import until

MORE = """
from gateway.control import services
from gateway.control.models import Route, Service
from django.utils import timezone
orders = Service.objects.get(name="orders")
route = Route.objects.filter(name="more").first()
said = {"by": "test", "reason": "test", "at": timezone.now()}
print(services.remove([route], **said) if route else services.save(
    Route(name="more", service=orders, path="/more", access="public"), **said))
"""
WRONG = """
from gateway.control.models import Route, Service, TableVersion
orders = Service.objects.get(name="orders")
Route.objects.create(name="wrong", service=orders, path="/admin")
TableVersion.objects.update(number=1000)
"""
RIGHT = """
from gateway.control.models import Route, TableVersion
Route.objects.filter(name="wrong").delete()
TableVersion.objects.update(number=1001)
"""


class TestChangeOfTheTable:
    def test_is_soon_in_force_and_drops_no_request(self, door: Door) -> None:
        statuses = [door.ask("GET", "/more").status]

        def ask() -> int:
            statuses.append(door.ask("GET", "/more").status)
            return statuses[-1]

        door.manage("shell", "-c", MORE)
        until(lambda: ask() == 200)

        assert statuses[0] == 404
        assert set(statuses) == {200, 404}
        door.manage("shell", "-c", MORE)

    def test_that_makes_it_unsound_leaves_the_last_sound_one(self, door: Door) -> None:
        door.manage("shell", "-c", WRONG)
        until(lambda: "wrong: it would hide /admin" in door.log.read_text())

        assert door.ask("GET", "/products").status == 200
        assert door.ask("GET", "/admin/").status == 302
        door.manage("shell", "-c", RIGHT)

    def test_is_announced_by_redis(self, tmp_path: Path, users: FakeService, orders: FakeService) -> None:
        [port] = free_ports(1)
        with Processes(tmp_path / "log") as processes:
            processes.start(embedded_redis("redis", f"127.0.0.1:{port}", tmp_path))
            redis_url = f"redis://127.0.0.1:{port}/0"
            with (
                running_door(tmp_path, users, orders, REDIS_URL=redis_url) as door,
                Redis.from_url(redis_url) as redis,
            ):
                until(lambda: redis.pubsub_numsub("ficus.gateway.table")[0][1] == 1)
                heard = redis.pubsub()
                heard.subscribe("ficus.gateway.table")

                door.manage("shell", "-c", MORE)

                until(lambda: door.ask("GET", "/more").status == 200)
                messages = [heard.get_message(timeout=5) for _ in range(2)]
                assert [message["data"] for message in messages if message] == [1, b"2"]
                heard.close()
