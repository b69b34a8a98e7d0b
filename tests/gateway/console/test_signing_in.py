"""What is under way with the users service is brought to its end, whoever waits for it."""

import asyncio

import pytest

from gateway.console import signing_in
from gateway.console.models import SignIn


class TestRefreshing:
    def test_goes_on_when_nobody_waits_any_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept: list[str] = []

        async def refresh(sign_in: SignIn) -> str:
            await asyncio.sleep(0.05)
            kept.append(sign_in.refresh_token)
            return "token"

        async def wait_too_short() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await signing_in._refresh_to_the_end(SignIn(refresh_token="refresh-1"))
            await asyncio.gather(*signing_in._refreshing)

        monkeypatch.setattr(signing_in, "_refresh", refresh)

        asyncio.run(wait_too_short())

        assert kept == ["refresh-1"]
