import pytest

from gateway.data.limiting.gcra import Rate
from gateway.data.limiting.quota import BadLimit, By, Quota, parsed


class TestParsed:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("100/minute by subject", Quota(100, 60, By.SUBJECT, 100, b"subject-60", Rate(600_000, 60_000_000))),
            ("5/10s by address burst 2", Quota(5, 10, By.ADDRESS, 2, b"address-10", Rate(2_000_000, 4_000_000))),
            (" 1 / second  by route ", Quota(1, 1, By.ROUTE, 1, b"route-1", Rate(1_000_000, 1_000_000))),
            ("24/day by client", Quota(24, 86400, By.CLIENT, 24, b"client-86400", Rate(3600_000_000, 86400_000_000))),
        ],
    )
    def test_is_what_the_line_says(self, line: str, expected: Quota) -> None:
        assert parsed(line) == expected

    @pytest.mark.parametrize(
        ("line", "fault"),
        [
            ("", "is no limit"),
            ("100 by subject", "is no limit"),
            ("100/fortnight by subject", "is no limit"),
            ("-1/minute by subject", "is no limit"),
            ("1.5/minute by subject", "is no limit"),
            ("100/minute", "is no limit"),
            ("100/minute by subject and address", "is no limit"),
            ("100/minute by moon", "not by moon"),
            ("0/minute by subject", "at least one request"),
            ("1/0s by subject", "1 to 86400 seconds"),
            ("1/86401s by subject", "1 to 86400 seconds"),
            ("10001/second by subject", "at most 10000 requests a second"),
            ("5/minute by subject burst 0", "a burst has at least one"),
            ("5/minute by subject burst 6", "at most as many as the window"),
        ],
    )
    def test_refuses_what_is_no_limit_and_says_why(self, line: str, fault: str) -> None:
        with pytest.raises(BadLimit, match=fault):
            parsed(line)
