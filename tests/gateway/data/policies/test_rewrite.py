import pytest

from gateway.data.message.refusal import Refusal
from gateway.data.policies.rewrite import Rewrite, rewrite
from gateway.data.routing.route import Route
from tests.gateway.making import request

SHOP = Route("shop", "orders", b"/shop")


def onward(path: str, terms: Rewrite, query: str = "") -> bytes:
    asked = request(route=SHOP)
    asked.path, asked.query = path.encode(), query.encode()
    rewrite(asked, terms)
    assert asked.path == path.encode()
    return asked.onward_path


class TestRewrite:
    @pytest.mark.parametrize(
        ("prefix", "path", "wanted"),
        [
            ("/v2", "/shop", b"/v2"),
            ("/v2", "/shop/", b"/v2/"),
            ("/v2", "/shop/a/b", b"/v2/a/b"),
            ("/", "/shop/a", b"/a"),
            ("/", "/shop", b"/"),
        ],
    )
    def test_puts_another_prefix_in_place_of_the_route_s(self, prefix: str, path: str, wanted: bytes) -> None:
        assert onward(path, Rewrite(prefix=prefix)) == wanted

    def test_puts_a_pattern_s_groups_in_their_new_places(self) -> None:
        assert onward("/shop/7/x", Rewrite(pattern="^/shop/([0-9]+)/(.*)$", to=r"/\2/\1")) == b"/x/7"

    def test_refuses_a_path_that_the_pieces_do_not_make(self) -> None:
        terms = Rewrite(pattern=r"^/shop/(\.[a-z]*)", to=r"/\1")

        with pytest.raises(Refusal) as refused:
            onward("/shop/.a", Rewrite(pattern=r"^/shop/(\.)a", to=r"/.\1/x"))

        assert refused.value.status == 400
        assert onward("/shop/.a", terms) == b"/.a"

    def test_refuses_a_path_that_has_become_too_long(self) -> None:
        with pytest.raises(Refusal) as refused:
            onward("/shop/" + "a" * 3700, Rewrite(prefix="/" + "b" * 499))

        assert refused.value.status == 414

    @pytest.mark.parametrize(
        ("terms", "mistake"),
        [
            (Rewrite(), "say either prefix, or pattern and to"),
            (Rewrite(prefix="/a", pattern="b"), "say either prefix, or pattern and to"),
            (Rewrite(prefix="/a", to="/b"), "to needs a pattern"),
            (Rewrite(prefix="a"), "prefix a: The address must begin"),
            (Rewrite(prefix="/a/"), "prefix /a/ is not canonical"),
            (Rewrite(prefix="/a/../b"), "prefix /a/../b: The path climbs"),
            (Rewrite(prefix="/a?b"), "prefix /a?b is not canonical"),
            (Rewrite(pattern="(a", to="/b"), "the pattern (a cannot be used"),
            (Rewrite(pattern="^/(a)", to=r"/\2"), r"/\2: the pattern has no group 2"),
            (Rewrite(pattern="^/a", to="b"), "to must begin with a slash"),
        ],
    )
    def test_names_terms_that_make_no_sense(self, terms: Rewrite, mistake: str) -> None:
        found = list(terms.mistakes(SHOP, ("orders",)))

        assert [each[: len(mistake)] for each in found] == [mistake]
