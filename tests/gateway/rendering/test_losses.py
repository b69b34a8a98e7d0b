"""What an engine does not keep is said, route by route, in what is rendered."""

from typing import Any

import pytest

from gateway.rendering.engines import RENDERERS
from tests.gateway.rendering.tables import plan

MIRROR = {"mirror": {"to": "orders"}}


class TestLosses:
    @pytest.mark.parametrize(
        ("engine", "route", "words"),
        [
            ("nginx", {"access": "signed in"}, "signed in: that there is a token is looked at, not whether it holds"),
            ("nginx", {"access": "optional"}, "optional: a token is not looked at"),
            ("nginx", {"policies": MIRROR}, "the policy mirror is not done"),
            ("nginx", {"waits": True}, "waits: the service may take 10 s more"),
            ("nginx", {"query": {"a": "~b"}}, "query a matches b: the value is looked at before its escapes"),
            ("nginx", {"policies": {"rewrite": {"prefix": "/a$b"}}}, "rewrite: nginx cannot say this substitute"),
            ("envoy", {"access": "signed in"}, "signed in: tokens are looked at, revocations and sessions are not"),
            ("envoy", {"policies": MIRROR}, "the policy mirror is not done"),
            ("envoy", {"body_limit": 1 << 33}, "body_limit: a chunked body is not measured"),
            ("envoy", {"policies": {"rewrite": {"pattern": "(a)" * 7, "to": "/"}}}, "rewrite: Envoy cannot say this"),
            ("gateway-api", {"access": "signed in"}, "signed in: tokens are not looked at"),
            ("gateway-api", {}, "body_limit: 10485760 bytes are not a limit there"),
            ("gateway-api", {"headers": {"X-A": "!"}}, "left out, since a match cannot ask for no header x-a"),
            ("gateway-api", {"policies": {"rewrite": {"pattern": "a", "to": "/"}}}, "rewrite: only the prefix"),
            ("gateway-api", {"policies": MIRROR}, "the policy mirror is not done"),
        ],
    )
    def test_are_named_with_their_route(self, engine: str, route: dict[str, Any], words: str) -> None:
        rendered = RENDERERS[engine](plan(shop={"path": "/shop", **route}))

        found = [str(loss) for loss in rendered.losses if words in loss.what]
        assert [loss.partition(":")[0] for loss in found] == ["shop"]
        assert f"# Not kept. {found[0]}\n" in rendered.text

    @pytest.mark.parametrize("engine", ["nginx", "envoy"])
    def test_are_none_where_all_is_kept(self, engine: str) -> None:
        rendered = RENDERERS[engine](
            plan(
                {"next": {"instances": [{"address": "http://10.0.0.6:8000", "weight": 3}]}},
                shop={"path": "/shop", "hosts": ["*.test"], "methods": ["GET"], "headers": {"X-A": "~[a-z]"}},
                canary={
                    "path": "/a",
                    "query": {"b": "1"},
                    "policies": {"split": {"weights": {"orders": 9, "next": 1}}},
                },
                moved={
                    "path": "/old",
                    "priority": 3,
                    "policies": {"rewrite": {"pattern": "^/old(.*)", "to": r"/new\1"}},
                },
            )
        )

        assert rendered.losses == ()
        assert "# All that the routes state is kept.\n" in rendered.text
