import pytest

from gateway.data.cache.conditions import asking_about, fields_of_304, is_unchanged
from tests.gateway.data.cache.making import entry

ETAG = (b"etag", b'"a"')
CHANGED = (b"last-modified", b"Thu, 01 Oct 2026 00:00:00 GMT")


class TestQuestionWhetherSomethingChanged:
    @pytest.mark.parametrize(
        ("known", "unchanged"),
        [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ('"A"', False), ("a", False)],
    )
    def test_compares_weakly(self, known: str, unchanged: bool) -> None:
        assert is_unchanged({b"if-none-match": known.encode()}, [ETAG]) is unchanged

    def test_goes_by_the_validator_if_there_is_one(self) -> None:
        asked = {b"if-none-match": b'"b"', b"if-modified-since": CHANGED[1]}

        assert not is_unchanged(asked, [ETAG, CHANGED])
        assert not is_unchanged({b"if-none-match": b'"a"'}, [CHANGED])

    @pytest.mark.parametrize(
        ("since", "unchanged"),
        [
            ("Thu, 01 Oct 2026 00:00:00 GMT", True),
            ("Fri, 02 Oct 2026 00:00:00 GMT", True),
            ("Wed, 30 Sep 2026 00:00:00 GMT", False),
            ("yesterday", False),
        ],
    )
    def test_goes_by_the_date_otherwise(self, since: str, unchanged: bool) -> None:
        assert is_unchanged({b"if-modified-since": since.encode()}, [CHANGED]) is unchanged

    def test_is_not_asked_by_who_asks_nothing(self) -> None:
        assert not is_unchanged({}, [ETAG, CHANGED])

    def test_is_put_to_the_service_in_our_own_words(self) -> None:
        kept = [(b"accept", b"a/b"), (b"if-none-match", b'"theirs"'), (b"if-modified-since", b"x")]

        assert asking_about(kept, None) == [(b"accept", b"a/b")]
        assert asking_about(kept, entry(fields=[ETAG, CHANGED])) == [
            (b"accept", b"a/b"),
            (b"if-none-match", b'"a"'),
            (b"if-modified-since", CHANGED[1]),
        ]

    def test_is_answered_without_what_describes_a_body(self) -> None:
        assert fields_of_304([ETAG, (b"content-type", b"a/b"), (b"vary", b"Accept"), (b"x-own", b"1")]) == [
            ETAG,
            (b"vary", b"Accept"),
        ]
