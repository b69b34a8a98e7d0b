from datetime import UTC, datetime

import pytest

from ficus import instants

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class TestRead:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-21T12:00:00Z",
            "2026-11-21T12:00:00",
            "2026-11-21 12:00",
            "2026-11-21T14:00:00+02:00",
            "2026-11-21T14:00:00 02:00",
            " 2026-11-21T12:00:00Z ",
        ],
    )
    def test_takes_an_instant_in_utc_unless_it_says_otherwise(self, text):
        assert instants.read(text) == NOON

    def test_takes_a_date_as_its_midnight(self):
        assert instants.read("2026-11-21") == NOON.replace(hour=0)

    @pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "12:00", "17"])
    def test_refuses_what_names_no_instant(self, text):
        with pytest.raises(ValueError, match="is no time; write it like 2026-11-21T12:00:00Z"):
            instants.read(text)
