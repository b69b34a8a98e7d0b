import asyncio

import pytest

from gateway.data import sessions as module
from gateway.data.message.refusal import Refusal
from gateway.data.sessions import Sessions
from tests.gateway.making import FakeSessions


class TestSessions:
    def test_ask_once_for_all_who_wait(self) -> None:
        kept = FakeSessions(s="token")

        async def look_up() -> list[bytes]:
            sessions = Sessions(kept.find)
            return await asyncio.gather(*(sessions.find(b"s") for _ in range(10)))

        assert asyncio.run(look_up()) == [b"token"] * 10
        assert kept.asked == ["s"]

    def test_remember_for_a_moment_that_nobody_is_signed_in(self) -> None:
        async def look_up() -> tuple[bool, bytes]:
            sessions = Sessions(FakeSessions().find)
            await sessions.find(b"s")
            return sessions.recall(b"s")

        assert asyncio.run(look_up()) == (True, b"")

    def test_forget_when_they_are_told_to(self) -> None:
        async def look_up() -> tuple[bool, bytes]:
            sessions = Sessions(FakeSessions(s="token").find)
            await sessions.find(b"s")
            sessions.forget("s")
            return sessions.recall(b"s")

        assert asyncio.run(look_up()) == (False, b"")

    def test_take_nobody_for_signed_out_because_the_database_is_away(self) -> None:
        async def fail(key: str, refused: str) -> str:
            raise OSError("the database is away")

        with pytest.raises(Refusal) as refused:
            asyncio.run(_find(Sessions(fail)))

        assert refused.value.status == 503

    def test_do_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def never(key: str, refused: str) -> str:
            await asyncio.sleep(60)
            return ""

        monkeypatch.setattr(module, "FIND_SECONDS", 0.01)
        with pytest.raises(Refusal) as refused:
            asyncio.run(_find(Sessions(never)))

        assert (refused.value.status, refused.value.code) == (503, "session_unavailable")


async def _find(sessions: Sessions) -> bytes:
    return await sessions.find(b"s")
