"""What may be kept and for how long; RFC 9111, sections 3, 4.2 and 5.2.2; RFC 5861. Many cases are cache-tests' own."""

import pytest

from gateway.data.cache.directives import date, directives, instant, seconds
from gateway.data.cache.storing import Storage, storage
from gateway.data.policies.cache import Cache
from gateway.data.routing.route import Access, Route
from tests.gateway.making import request

ROUTE = Route("orders", "orders", b"/orders", access=Access.PUBLIC)
NOW = 1_790_000_000.0
PLAIN = Cache()
WITH_TTL = Cache(ttl_seconds=30)
GENEROUS = Cache(ttl_seconds=30, stale_if_error_seconds=600, stale_while_revalidate_seconds=300)


def found(
    *fields: str, terms: Cache = PLAIN, status: int = 200, asked: tuple[str, ...] = (), authorization: bytes = b""
) -> Storage | None:
    made = request("GET", "/orders", *asked, route=ROUTE)
    made.authorization = authorization
    pairs = [field.partition(": ") for field in fields]
    return storage(made, terms, status, [(name.lower().encode(), value.encode()) for name, _, value in pairs], NOW)


def lifetime(*fields: str, terms: Cache = PLAIN) -> float | None:
    how = found(*fields, terms=terms)
    return how.lifetime if how else None


DATE = f"Date: {date(NOW).decode()}"


class TestLifetime:
    @pytest.mark.parametrize(
        ("fields", "lasts"),
        [
            (["Cache-Control: max-age=60"], 60),
            (["Cache-Control: MAX-AGE=60"], 60),
            (["Cache-Control: max-age=60, s-maxage=10"], 10),
            (["Cache-Control: max-age=60", "Cache-Control: s-maxage=10"], 10),
            (['Cache-Control: max-age="60"'], 60),
            (["Cache-Control: max-age=60, max-age=90"], 60),
            (['Cache-Control: foo="max-age=90", max-age=60'], 60),
            (["Cache-Control: max-age=99999999999"], 2**31),
            (["Cache-Control: max-age=60", "Expires: Thu, 01 Jan 1970 00:00:00 GMT"], 60),
            ([DATE, f"Expires: {date(NOW + 90).decode()}"], 90),
            ([f"Expires: {date(NOW + 90).decode()}"], 90),
            ([f"Date: {date(NOW - 50).decode()}", f"Expires: {date(NOW + 10).decode()}"], 60),
        ],
    )
    def test_is_what_the_answer_says(self, fields: list[str], lasts: float) -> None:
        assert lifetime(*fields, terms=WITH_TTL) == lasts

    @pytest.mark.parametrize(
        "field",
        [
            "Cache-Control: max-age=-1",
            "Cache-Control: max-age=1.5",
            "Cache-Control: max-age=abc",
            "Cache-Control: max-age",
            "Cache-Control: max-age=60a",
            "Cache-Control: max-age= 60",
            "Expires: 0",
            "Expires: soon",
            "Expires: Thu, 99 Foo 2026 00:00:00 GMT",
            "Cache-Control: max-age=0",
        ],
    )
    def test_is_none_where_what_it_says_makes_no_sense(self, field: str) -> None:
        assert lifetime(field, terms=WITH_TTL) is None
        assert lifetime(field, 'ETag: "a"', terms=WITH_TTL) == 0

    @pytest.mark.parametrize(
        ("status", "lasts"),
        [(200, 30), (204, 30), (301, 30), (404, 30), (410, 30), (302, None), (403, None), (201, None)],
    )
    def test_is_the_route_s_where_the_answer_says_nothing(self, status: int, lasts: float | None) -> None:
        how = found(terms=WITH_TTL, status=status)

        assert (how.lifetime if how else None) == lasts
        assert found(status=status) is None

    def test_is_not_the_route_s_where_the_answer_may_depend_on_a_cookie(self) -> None:
        assert found(terms=WITH_TTL, asked=("Cookie: theme=dark",)) is None
        assert found(terms=WITH_TTL, asked=("Cookie: gateway_session=x",)) is not None
        assert found("Cache-Control: max-age=5", asked=("Cookie: theme=dark",)) is not None


class TestStorage:
    @pytest.mark.parametrize(
        "fields",
        [
            ["Cache-Control: no-store, max-age=60"],
            ["Cache-Control: max-age=60", "Cache-Control: NO-STORE"],
            ["Cache-Control: private, max-age=60"],
            ['Cache-Control: private="set-cookie", max-age=60'],
            ["Cache-Control: public, max-age=60", "Set-Cookie: a=b"],
            ["Cache-Control: max-age=60", "Vary: *"],
            ["Cache-Control: max-age=60", "Vary: Accept, *"],
            ["Cache-Control: max-age=60", "Vary: Accept", "Vary: *"],
            ["Cache-Control: no-cache"],
        ],
    )
    def test_is_refused(self, fields: list[str]) -> None:
        assert found(*fields, terms=WITH_TTL) is None

    @pytest.mark.parametrize("status", [206, 304, 500, 502, 503, 504])
    def test_is_refused_for_parts_and_failures(self, status: int) -> None:
        assert found("Cache-Control: public, max-age=60", status=status) is None

    @pytest.mark.parametrize(
        ("control", "kept"),
        [
            ("max-age=60", False),
            ("max-age=60, public", True),
            ("max-age=60, must-revalidate", True),
            ("s-maxage=60", True),
            ("max-age=60, proxy-revalidate", False),
            ("s-maxage=60, private", False),
        ],
    )
    def test_of_what_somebody_signed_in_gets_needs_the_service_s_word(self, control: str, kept: bool) -> None:
        how = found(f"Cache-Control: {control}", terms=WITH_TTL, authorization=b"Bearer x")

        assert (how is not None) is kept

    def test_of_what_is_never_fresh_is_for_asking_whether_it_holds(self) -> None:
        how = found("Cache-Control: no-cache, max-age=60", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT")

        assert how == Storage(60, asks_always=True, never_stale=True)


class TestStaleness:
    @pytest.mark.parametrize(
        ("control", "on_error", "meanwhile"),
        [
            ("max-age=60", 600, 300),
            ("max-age=60, stale-if-error=10, stale-while-revalidate=20", 10, 20),
            ("max-age=60, stale-if-error=9999", 600, 300),
            ("max-age=60, stale-if-error=abc", 0, 300),
            ("s-maxage=60", 0, 0),
            ("s-maxage=60, stale-if-error=10", 10, 0),
            ("max-age=60, must-revalidate, stale-if-error=10", 0, 0),
            ("max-age=60, proxy-revalidate", 0, 0),
        ],
    )
    def test_is_what_route_and_answer_both_allow(self, control: str, on_error: float, meanwhile: float) -> None:
        how = found(f"Cache-Control: {control}", terms=GENEROUS)

        assert how is not None
        assert (how.on_error, how.meanwhile) == (on_error, meanwhile)

    def test_is_not_what_a_route_does_not_allow(self) -> None:
        assert found("Cache-Control: max-age=60, stale-if-error=10, stale-while-revalidate=10") == Storage(60)


class TestDirectives:
    def test_are_read_by_name_whatever_stands_in_quotes(self) -> None:
        assert directives([b'No-Cache="a, no-store", max-age=5 , foo', b"bar=,baz"]) == {
            b"no-cache": b"a, no-store",
            b"max-age": b"5",
            b"foo": b"",
            b"bar": b"",
            b"baz": b"",
        }
        assert seconds({b"max-age": b"5"}, b"s-maxage") is None

    def test_and_dates_are_read_in_all_three_forms(self) -> None:
        said = (b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994")

        assert [instant(each) for each in said] == [784111777.0] * 3
        assert instant(b"-1") is None
        assert date(784111777.0) == said[0]
