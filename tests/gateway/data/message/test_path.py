import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.data.message.path import canonical
from gateway.data.message.refusal import Refusal

HOST = b"ficus.test"


class TestCanonicalPath:
    @pytest.mark.parametrize(
        ("target", "path", "query"),
        [
            (b"/", b"/", b""),
            (b"/orders", b"/orders", b""),
            (b"/orders/", b"/orders/", b""),
            (b"/orders?", b"/orders", b"?"),
            (b"/orders?a=/../b;c", b"/orders", b"?a=/../b;c"),
            (b"//orders///1", b"/orders/1", b""),
            (b"/./orders/./", b"/orders/", b""),
            (b"/orders/.", b"/orders/", b""),
            (b"/.well-known/jwks.json", b"/.well-known/jwks.json", b""),
            (b"/a.b/..c/.d", b"/a.b/..c/.d", b""),
            (b"/%6frders/%2D%7E", b"/orders/-~", b""),
            (b"/caf%c3%a9", b"/caf%C3%A9", b""),
            (b"/a%20b", b"/a%20b", b""),
            (b"/%2525", b"/%2525", b""),
            (b'/a"<>^`{|}', b"/a%22%3C%3E%5E%60%7B%7C%7D", b""),
            (b"/a:b@c!$&'()*+,=", b"/a:b@c!$&'()*+,=", b""),
            (b"http://ficus.test", b"/", b""),
            (b"http://ficus.test?a", b"/", b"?a"),
            (b"https://FICUS.test/a//b", b"/a/b", b""),
            (b"/%2e", b"/", b""),
        ],
    )
    def test_is_the_one_form_of_all_its_spellings(self, target: bytes, path: bytes, query: bytes) -> None:
        assert canonical(target, HOST) == (path, query)

    @pytest.mark.parametrize(
        "target",
        [
            b"/..",
            b"/a/../b",
            b"/a/..",
            b"/%2e%2e/b",
            b"/.%2e/b",
            b"/a%2fb",
            b"/a%5Cb",
            b"/a\\b",
            b"/a;b",
            b"/a/..;/b",
            b"/a%3bb",
            b"/a%00",
            b"/a%1f",
            b"/a%7F",
            b"/a%",
            b"/a%1",
            b"/a%g0",
            b"/a%c0%af",
            b"/a%ff",
            b"/a%ed%a0%80",
            b"/a#b",
            b"/a?b#c",
            b"a",
            b"*",
            b"ficus.test:80",
            b"http://other/",
            b"http://ficus.test:81/",
            b"http://me@ficus.test/",
            b"ftp://ficus.test/",
        ],
    )
    def test_is_refused_where_readers_could_disagree(self, target: bytes) -> None:
        with pytest.raises(Refusal) as refused:
            canonical(target, HOST)

        assert (refused.value.status, refused.value.closes) == (400, True)

    @given(st.text(st.sampled_from("/.%25eEfFaA0;\\~"), max_size=24))
    def test_is_its_own_canonical_form_and_never_climbs(self, rest: str) -> None:
        try:
            path, _ = canonical(b"/" + rest.encode(), HOST)
        except Refusal:
            return

        assert canonical(path, HOST) == (path, b"")
        assert not {b"..", b"."} & set(path.split(b"/"))
        assert b"//" not in path
