import re

import pytest

from gateway.data.message.trace import identify, traceparent
from tests.gateway.making import request

THEIRS = "00-" + "a" * 32 + "-" + "b" * 16 + "-00"


class TestTrace:
    def test_is_fresh_for_a_caller_we_do_not_trust_and_remembers_his(self) -> None:
        made = request("GET", "/", f"traceparent: {THEIRS}")

        identify(made, trusted=False, sampled_share=1.0)

        assert made.trace_id != b"a" * 32
        assert made.caller_trace == THEIRS.encode()
        assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-01", traceparent(made))

    def test_goes_on_for_a_proxy_of_ours_as_it_was_sampled(self) -> None:
        made = request("GET", "/", f"traceparent: {THEIRS}")

        identify(made, trusted=True, sampled_share=1.0)

        assert traceparent(made).startswith(b"00-" + b"a" * 32)
        assert traceparent(made).endswith(b"-00")
        assert b"b" * 16 not in traceparent(made)

    @pytest.mark.parametrize(
        "broken", ["", "00-abc", "01-" + THEIRS[3:], "00-" + "0" * 32 + "-" + "b" * 16 + "-01", THEIRS.upper()]
    )
    def test_begins_anew_where_the_callers_is_none(self, broken: str) -> None:
        made = request("GET", "/", f"traceparent: {broken}")

        identify(made, trusted=True, sampled_share=0.0)

        assert made.caller_trace == b""
        assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-00", traceparent(made))


class TestRequestId:
    def test_is_the_callers_if_it_is_safe_to_repeat(self) -> None:
        made = request("GET", "/", "X-Request-ID: Order-7.a_b")

        identify(made, trusted=False, sampled_share=1.0)

        assert made.id == b"Order-7.a_b"

    @pytest.mark.parametrize("given", ["", "a b", 'a"', "a" * 65, "a\r", "a,b"])
    def test_is_the_traces_otherwise(self, given: str) -> None:
        made = request("GET", "/", f"X-Request-ID: {given}")

        identify(made, trusted=False, sampled_share=1.0)

        assert made.id == made.trace_id
