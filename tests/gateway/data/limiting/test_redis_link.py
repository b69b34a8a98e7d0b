import asyncio
import time
from pathlib import Path

import pytest

from ficus.supervisor.embedded_redis import embedded_redis, find_server, speaks_tls
from ficus.testing.processes import Processes, free_ports
from ficus.tls.authority import Authority
from ficus.tls.identity import Identity
from gateway.data.limiting.redis_link import MOST_ASKED, Away, RedisLink
from gateway.data.limiting.replies import ReplyError
from tests.ficus.events.redis_server import RedisServer
from tests.gateway.data.limiting.running import connected, eventually

LONG_SECONDS = 60.0


class TestRedisLink:
    def test_answers_each_his_own(self, server: RedisServer) -> None:
        async def scene() -> list[object]:
            async with connected(server) as link:
                return await asyncio.gather(*(link.ask((b"ECHO", b"%d" % n), LONG_SECONDS) for n in range(2000)))

        assert asyncio.run(scene()) == [b"%d" % number for number in range(2000)]

    def test_shows_a_redis_that_asks_for_it_the_files_that_its_address_names(self, tmp_path: Path) -> None:
        if not speaks_tls(find_server()):
            pytest.skip("no redis-server with TLS is installed here")
        list(Authority(tmp_path).hold({name: (name, "127.0.0.1") for name in ("redis", "gateway")}))
        shown, own = Identity.of("redis", tmp_path), Identity.of("gateway", tmp_path)
        address = f"127.0.0.1:{free_ports(1)[0]}"
        url = f"rediss://{address}/0?ssl_ca_certs={own.ca}&ssl_certfile={own.certificate}&ssl_keyfile={own.key}"

        async def scene() -> bytes:
            link = RedisLink(url)
            running = asyncio.create_task(link.run())
            await eventually(lambda: link.is_up)
            try:
                answer = await link.ask((b"ECHO", b"hello"), LONG_SECONDS)
            finally:
                running.cancel()
            assert isinstance(answer, bytes)
            return answer

        with Processes(tmp_path / "log") as processes:
            processes.start(embedded_redis("redis", address, tmp_path, shows=shown, asking_as=own))

            assert asyncio.run(scene()) == b"hello"

    def test_is_away_where_nobody_listens(self, tmp_path: Path) -> None:
        async def scene() -> None:
            link = RedisLink(f"unix://{tmp_path}/none.sock")
            running = asyncio.create_task(link.run())
            await asyncio.sleep(0.05)
            with pytest.raises(Away):
                link.ask((b"PING",))
            running.cancel()

        asyncio.run(scene())

    def test_says_so_to_all_who_wait_when_redis_dies_and_comes_back_by_itself(self, tmp_path: Path) -> None:
        server = RedisServer(tmp_path)
        server.start()

        async def scene() -> None:
            async with connected(server) as link:
                waiting = [link.ask((b"BLPOP", b"nothing", b"0"), LONG_SECONDS) for _ in range(3)]
                server.kill()
                outcomes = await asyncio.gather(*waiting, return_exceptions=True)

                assert [type(each) for each in outcomes] == [Away] * 3
                assert not link.is_up
                server.start()
                await eventually(lambda: link.is_up)
                assert await link.ask((b"PING",), LONG_SECONDS) == b"PONG"

        try:
            asyncio.run(scene())
        finally:
            server.client.close()
            server.kill()

    def test_waits_for_a_redis_that_hangs_once_and_not_again(self, tmp_path: Path) -> None:
        server = RedisServer(tmp_path)
        server.start()

        async def scene() -> None:
            async with connected(server) as link:
                server.freeze()
                began = time.monotonic()
                with pytest.raises(Away):
                    await link.ask((b"PING",))
                assert time.monotonic() - began >= 0.05
                for _ in range(1000):
                    with pytest.raises(Away):
                        link.ask((b"PING",))
                assert not link.is_up

                server.thaw()
                await eventually(lambda: link.is_up)
                assert await link.ask((b"ECHO", b"again"), LONG_SECONDS) == b"again"

        try:
            asyncio.run(scene())
        finally:
            server.thaw()
            server.client.close()
            server.kill()

    def test_has_its_scripts_again_after_it_was_dropped(self, server: RedisServer) -> None:
        from gateway.data.limiting import scripts
        from gateway.data.limiting.gcra import rate

        async def scene() -> None:
            async with connected(server) as link:
                command = scripts.take([b"key"], [rate(1, 3600, 1)])
                server.client.script_flush()
                assert isinstance(await link.ask(command, LONG_SECONDS), ReplyError)

                link.drop()
                await eventually(lambda: link.is_up)

                assert (await link.ask(command, LONG_SECONDS))[0] == 1

        asyncio.run(scene())

    def test_lets_nobody_wait_behind_too_many(self, server: RedisServer) -> None:
        async def scene() -> int:
            async with connected(server) as link:
                asked = [link.ask((b"PING",), LONG_SECONDS) for _ in range(MOST_ASKED)]
                with pytest.raises(Away):
                    link.ask((b"PING",))
                return len(await asyncio.gather(*asked))

        assert asyncio.run(scene()) == MOST_ASKED
