import pytest

from gateway.data.routing.patterns import LONGEST, BadPattern, PatternSet, compiled, substituted


class TestCompiled:
    @pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
    def test_is_not_slowed_down_by_what_takes_others_for_ever(self, pattern: str) -> None:
        text = b"a" * 4096 + b"!"  # some of these take Python's own module longer than the world is old

        assert compiled(pattern).fullmatch(text) is None

    @pytest.mark.parametrize("pattern", ["(a", "(?=a)", r"(a)\1", "[b-a]", "a{1001}", "x" * (LONGEST + 1)])
    def test_refuses_what_is_none_or_cannot_be_done_in_linear_time(self, pattern: str) -> None:
        with pytest.raises(BadPattern):
            compiled(pattern)


class TestSubstituted:
    def test_puts_groups_where_the_template_says(self) -> None:
        assert substituted("^/shop/([0-9]+)/(.*)$", r"/\2/of/\1", b"/shop/7/lines") == b"/lines/of/7"

    def test_puts_the_whole_match_and_digits_after_a_group(self) -> None:
        assert substituted("^/a([0-9])$", r"/all\0/\15", b"/a7") == b"/all/a7/75"

    def test_leaves_what_does_not_match(self) -> None:
        assert substituted("^/shop$", "/x", b"/other") == b"/other"


class TestPatternSet:
    def test_names_those_that_match_as_a_whole(self) -> None:
        assert PatternSet(["/[0-9]+", "/x", "/.*"]).matching(b"/12") == [0, 2]
        assert PatternSet(["/[0-9]+", "/x"]).matching(b"/x/") == []
