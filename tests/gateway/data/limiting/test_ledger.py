from gateway.data.limiting.gcra import rate
from gateway.data.limiting.ledger import Ledger

ONCE_A_MINUTE = [rate(1, 60, 1)]


def key(number: int) -> list[bytes]:
    return [b"%d" % number]


class TestLedger:
    def test_knows_no_more_keys_than_it_may(self) -> None:
        ledger = Ledger(largest=1000)

        for number in range(5000):
            ledger.take(key(number), ONCE_A_MINUTE, now=number)

        assert len(ledger) == 1000

    def test_forgets_first_what_owes_nothing(self) -> None:
        ledger = Ledger(largest=3)
        ledger.take(key(1), [rate(1, 3600, 1)], now=0)
        ledger.take(key(2), [rate(1, 1, 1)], now=0)
        ledger.take(key(3), [rate(1, 3600, 1)], now=0)

        ledger.take(key(4), [rate(1, 3600, 1)], now=2_000_000)

        assert [ledger.take(key(number), [rate(1, 3600, 1)], now=2_000_000)[0] for number in (1, 3, 4)] == [False] * 3

    def test_forgets_then_what_was_used_longest_ago(self) -> None:
        ledger = Ledger(largest=2)
        for number in (1, 2, 1):
            ledger.note(key(number)[0], 60_000_000, now=0)

        ledger.note(key(3)[0], 60_000_000, now=0)

        assert [ledger.debt(key(number)[0], now=0) for number in (1, 2, 3)] == [60_000_000, 0, 60_000_000]

    def test_takes_over_no_more_debt_than_a_limit_knows(self) -> None:
        ledger = Ledger()
        ledger.note(b"key", 3600_000_000, now=0)

        assert ledger.take([b"key"], ONCE_A_MINUTE, now=0) == (False, [60_000_000])
