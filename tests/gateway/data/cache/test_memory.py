from gateway.data.cache.entry import OVERHEAD
from gateway.data.cache.memory import SELECTIONS_AT_MOST, Memory
from gateway.data.cache.purges import Kind, Purge, Purges
from tests.gateway.data.cache.making import ROUTE, entry, key
from tests.gateway.making import request

ASKED = request("GET", "/a", "Accept-Language: de", route=ROUTE)
PLENTY = 1_000_000


def empty(memory: Memory) -> bool:
    """Say whether nothing at all is left, in no index either."""
    places = (memory._by_key, memory._by_use, memory._by_tag, memory._by_route, memory._by_uri)
    return not any(places) and memory.bytes == 0


class TestMemory:
    def test_keeps_to_its_bound_and_lets_go_what_was_not_asked_for_longest(self) -> None:
        memory = Memory(3 * (OVERHEAD + 1200))
        for path in (b"/a", b"/b", b"/c"):
            memory.put(entry(path, b"x" * 1000))
        memory.find(key(b"/a"), ASKED)

        memory.put(entry(b"/d", b"x" * 1000))

        assert [path for path in (b"/a", b"/b", b"/c", b"/d") if memory.find(key(path), ASKED)] == [b"/a", b"/c", b"/d"]
        assert memory.bytes <= memory.limit
        assert memory.evicted == 1

    def test_does_not_empty_itself_for_what_has_no_room_at_all(self) -> None:
        memory = Memory(10_000)
        memory.put(entry(b"/a"))

        memory.put(entry(b"/b", b"x" * 10_000))

        assert memory.find(key(b"/a"), ASKED) is not None
        assert memory.find(key(b"/b"), ASKED) is None

    def test_counts_other_codings_of_a_body_too(self) -> None:
        memory, kept = Memory(PLENTY), entry()
        memory.put(kept)
        before = memory.bytes

        memory.pack(kept, b"gzip", b"packed")

        assert (kept.packed, memory.bytes) == ({b"gzip": b"packed"}, before + 6)
        memory.drop(kept)
        assert empty(memory)

    def test_has_one_answer_for_each_selection(self) -> None:
        memory = Memory(PLENTY)
        for language, body in ((b"de", b"eins"), (b"en", b"one"), (b"de", b"zwei")):
            memory.put(entry(body=body, selection=((b"accept-language", language),)))

        found = memory.find(key(), ASKED)

        assert found is not None
        assert found.body == b"zwei"
        assert len(memory) == 2
        assert memory.find(key(), request("GET", "/a", route=ROUTE)) is None

    def test_has_so_many_selections_of_a_key_and_no_more(self) -> None:
        memory = Memory(PLENTY)
        for number in range(SELECTIONS_AT_MOST + 5):
            memory.put(entry(selection=((b"accept-language", b"%d" % number),)))

        assert len(memory) == SELECTIONS_AT_MOST

    def test_drops_by_tag_route_and_address_and_leaves_nothing_behind(self) -> None:
        memory = Memory(PLENTY)
        memory.put(entry(b"/a", tags=frozenset((b"x", b"y"))))
        memory.put(entry(b"/b", tags=frozenset((b"y",))))
        memory.put(entry(b"/c", route="other"))
        memory.put(entry(b"/d", key=key(b"/d", who=b"ada")))
        memory.put(entry(b"/d", key=key(b"/d", who=b"bob")))

        assert memory.drop_tag(b"x") == 1
        assert memory.drop_uri(b"/d") == 2
        assert memory.drop_route("other") == 1
        assert memory.drop_tag(b"nothing") == 0
        assert memory.drop_route("orders") == 1
        assert empty(memory)


class TestPurges:
    def test_throw_away_what_is_kept_and_what_was_asked_for_before(self) -> None:
        memory, purges = Memory(PLENTY), Purges()
        memory.put(entry(b"/a", tags=frozenset((b"goods",))))
        memory.put(entry(b"/b"))

        purges.learn(Purge(7, Kind.TAG, "goods"), memory)

        assert memory.find(key(b"/a"), ASKED) is None
        assert memory.find(key(b"/b"), ASKED) is not None
        assert purges.last == 7
        assert purges.concern(entry(tags=frozenset((b"goods",)), purge=6))
        assert not purges.concern(entry(tags=frozenset((b"goods",)), purge=7))
        assert not purges.concern(entry(tags=frozenset((b"other",)), purge=6))

    def test_mean_a_route_an_address_or_everything(self) -> None:
        kept = entry(b"/a")

        assert Purge(1, Kind.ROUTE, "orders").concerns(kept)
        assert Purge(1, Kind.KEY, "/a").concerns(kept)
        assert not Purge(1, Kind.KEY, "/a?b").concerns(kept)
        assert not Purge(1, Kind.ROUTE, "other").concerns(kept)
        assert Purge(1, Kind.ALL, "").concerns(kept)

    def test_of_everything_leave_nothing(self) -> None:
        memory = Memory(PLENTY)
        memory.put(entry(b"/a"))

        Purges().learn(Purge(1, Kind.ALL, ""), memory)

        assert empty(memory)
