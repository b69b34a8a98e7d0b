from tests.chaos.ledger import Wish
from tests.chaos.verdict import find_doubled, find_lost, find_unanswered, find_wrongly_parked


def wish(*order_ids: str, **told: str) -> Wish:
    return Wish(key="k", customer_id="c", order_ids=set(order_ids), **told)


class TestLost:
    def test_is_what_was_acknowledged_and_is_not_there(self) -> None:
        assert find_lost([wish("1"), wish("2")], {"1": "CONFIRMED"}) == ["order 2 was acknowledged and is not there"]

    def test_is_a_move_that_was_acknowledged_and_did_not_last(self) -> None:
        wishes = [wish("1", cancelled="yes"), wish("2", fulfilled="yes")]

        assert find_lost(wishes, {"1": "CANCELLED", "2": "FULFILLED"}) == []
        assert find_lost(wishes, {"1": "CONFIRMED", "2": "CONFIRMED"}) == [
            "order 1 was cancelled and is CONFIRMED",
            "order 2 was fulfilled and is CONFIRMED",
        ]

    def test_is_not_what_was_refused_or_what_nobody_was_promised(self) -> None:
        wishes = [wish(refused="credit_exceeded"), wish("1", cancelled="asked"), wish("2", cancelled="FULFILLED")]

        assert find_lost(wishes, {"1": "CONFIRMED", "2": "FULFILLED"}) == []


class TestDoubled:
    def test_is_one_key_with_two_orders(self) -> None:
        assert find_doubled([wish("1", "2")], {"1": "CONFIRMED", "2": "CONFIRMED"}) == ["key k made orders 1, 2"]

    def test_is_an_order_that_was_acknowledged_to_nobody(self) -> None:
        wishes = [wish("1"), wish(refused="credit_exceeded")]

        assert find_doubled(wishes, {"1": "CONFIRMED", "2": "PENDING"}) == [
            "order 2 is there and was acknowledged to nobody"
        ]

    def test_is_not_the_order_of_somebody_who_never_got_his_answer(self) -> None:
        assert find_doubled([wish()], {"1": "CONFIRMED"}) == []
        assert len(find_doubled([wish()], {"1": "CONFIRMED", "2": "CONFIRMED"})) == 2


class TestMismatch:
    def test_is_a_key_without_an_answer(self) -> None:
        assert find_unanswered([wish(), wish("1")]) == ["key k never got a definite answer"]

    def test_is_whatever_is_parked_but_what_was_thrown(self) -> None:
        assert find_wrongly_parked({"a"}, {"a"}) == []
        assert find_wrongly_parked({"a", "b"}, {"a", "c"}) == [
            "event b is parked and was not thrown",
            "event c was thrown and is not parked",
        ]
