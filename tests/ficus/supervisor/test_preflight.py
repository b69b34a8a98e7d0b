import socket
from pathlib import Path

import pytest
from redis import Redis

from ficus.supervisor import embedded_redis as module
from ficus.supervisor.embedded_redis import embedded_redis, find_server
from ficus.supervisor.preflight import refuse_silent_redis, refuse_taken_ports
from ficus.supervisor.process import Process
from ficus.supervisor.supervisor import CannotStart, Supervisor
from ficus.testing.processes import READY_SECONDS
from tests.ficus.supervisor.conftest import Stage


class TestRefuseTakenPorts:
    def test_names_the_process_and_the_address(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"

            with pytest.raises(CannotStart) as refusal:
                refuse_taken_ports([Process("web", [], listens=[address])], "choose another")

        assert str(refusal.value) == f"web cannot listen on {address}: the port is taken; choose another"

    def test_is_content_with_free_ports(self, free_address: str) -> None:
        refuse_taken_ports([Process("web", [], listens=[free_address])], "choose another")

        port = int(free_address.rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)) as listener:
            assert listener.getsockname()[1] == port


class TestRefuseSilentRedis:
    def test_names_the_server_without_its_password(self, free_address: str) -> None:
        with pytest.raises(CannotStart) as refusal:
            refuse_silent_redis(f"redis://:secret@{free_address}/0")

        message = str(refusal.value)
        assert message.startswith(f"the Redis that REDIS_URL names does not answer: {free_address}/0: ")
        assert "secret" not in message
        assert "\n" not in message


class TestEmbeddedRedis:
    @pytest.mark.parametrize("system_has_one", [True, False])
    def test_runs_and_answers(
        self,
        system_has_one: bool,
        stage: Stage,
        free_address: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        if not system_has_one:
            monkeypatch.setattr(module.shutil, "which", lambda name: None)
        answers: list[object] = []

        async def scenario(supervisor: Supervisor) -> None:
            supervisor.keep(embedded_redis("redis", free_address, tmp_path))
            await supervisor.wait_until_ready(READY_SECONDS)
            with Redis.from_url(f"redis://{free_address}") as client:
                answers.append(client.set("key", "value"))
                answers.append(client.get("key"))

        stage.play(scenario)

        assert answers == [True, b"value"]

    def test_prefers_the_system_s_own_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module.shutil, "which", {"valkey-server": "/usr/bin/valkey-server"}.get)

        assert find_server() == "/usr/bin/valkey-server"

    def test_says_what_to_do_when_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module.shutil, "which", lambda name: None)
        monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)

        with pytest.raises(CannotStart, match=r"^there is no Redis: set REDIS_URL, install redis-server, or run"):
            find_server()
