import pytest

from gateway.data.routing.conditions import Condition, Source
from tests.gateway.making import asked, request

HEADER, QUERY = Source.HEADER, Source.QUERY


class TestCondition:
    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            (Condition(HEADER, "x-canary", "yes"), True),
            (Condition(HEADER, "x-canary", "no"), False),
            (Condition(HEADER, "x-canary", "*"), True),
            (Condition(HEADER, "x-canary", "!"), False),
            (Condition(HEADER, "x-other", "!"), True),
            (Condition(HEADER, "x-other", "*"), False),
            (Condition(HEADER, "x-canary", "~y.s|no"), True),
            (Condition(HEADER, "x-canary", "~y"), False),
            (Condition(QUERY, "beta", ""), True),
            (Condition(QUERY, "n", "2"), True),
            (Condition(QUERY, "n", "3"), False),
            (Condition(QUERY, "name", "a b"), True),
            (Condition(QUERY, "none", "!"), True),
        ],
        ids=str,
    )
    def test_holds_of_what_the_request_says(self, condition: Condition, holds: bool) -> None:
        asked_for = asked("GET", "/a?beta=&n=1&n=2&name=a+b", "X-Canary: yes")

        assert condition.holds(asked_for) is holds

    def test_sees_no_field_that_the_gateway_takes_away(self) -> None:
        made = request("GET", "/a", "X-Ficus-Role: admin", "Accept: text/html")

        assert not Condition(HEADER, "x-ficus-role", "*").holds(made)
        assert Condition(HEADER, "accept", "text/html").holds(made)
