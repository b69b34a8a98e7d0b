import gzip

import pytest

from gateway.data.mirroring.comparison import NAMED_AT_MOST, Answer, differences

JSON = (b"content-type", b"application/json")


def compared(one: Answer, other: Answer, headers: tuple[bytes, ...] = (), fields: tuple[str, ...] = ()) -> list[str]:
    return differences(one, other, ignored_headers=frozenset(headers), ignored_fields=fields)


def json(body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> Answer:
    return Answer(status, [JSON, *headers], body)


class TestDifferences:
    def test_are_none_between_equal_answers_whatever_the_order_of_members(self) -> None:
        one = json(b'{"a": 1, "b": [1, 2]}', (b"date", b"now"), (b"x-request-id", b"1"))
        other = json(b'{"b":[1,2],"a":1}', (b"date", b"then"), (b"content-length", b"17"))

        assert compared(one, other) == []

    def test_name_status_headers_and_places_without_values(self) -> None:
        one = json(b'{"id": 1, "lines": [{"sku": "a"}, {"sku": "b"}], "x": null}', (b"etag", b"1"))
        other = json(b'{"id": 2, "lines": [{"sku": "a"}, {"sku": "c"}, {}]}', (b"vary", b"*"), status=201)

        assert compared(one, other) == [
            "status 200, 201",
            "header etag",
            "header vary",
            "body id",
            "body lines.1.sku",
            "body lines.2",
            "body x",
        ]

    def test_leave_out_headers_and_fields_that_may_differ(self) -> None:
        one = json(b'{"id": 1, "lines": [{"at": 1, "n": {"a": 1}}]}', (b"etag", b"1"))
        other = json(b'{"id": 2, "lines": [{"at": 2, "n": {"a": 2}}]}', (b"etag", b"2"))

        assert compared(one, other, (b"etag",), ("id", "lines.*.at", "lines.0.n")) == []
        assert compared(one, other, (b"etag",), ("lines.*",)) == ["body id"]

    @pytest.mark.parametrize(("one", "other"), [(b"true", b"1"), (b"1", b"1.0"), (b'"1"', b"1"), (b"[]", b"{}")])
    def test_tell_apart_what_json_does(self, one: bytes, other: bytes) -> None:
        assert compared(json(one), json(other)) == ["body"]

    def test_compare_other_bodies_byte_by_byte(self) -> None:
        plain = [(b"content-type", b"text/plain")]

        assert compared(Answer(200, plain, b"a"), Answer(200, plain, b"b")) == ["body"]
        assert compared(json(b"{"), json(b"{ ")) == ["body"]

    def test_look_into_compressed_bodies(self) -> None:
        packed = (b"content-encoding", b"gzip")
        one = json(gzip.compress(b'{"a": 1}', mtime=1), packed)
        other = json(gzip.compress(b'{"a":1}', mtime=2), packed)

        assert compared(one, other) == []

    def test_stop_at_a_body_that_was_not_kept_and_after_so_many(self) -> None:
        long = b"{%b}" % b",".join(b'"%d": 1' % number for number in range(99))

        assert compared(json(b"1"), Answer(200, [JSON], None)) == []
        assert len(compared(json(long), json(b"{}"))) == NAMED_AT_MOST
