"""How many requests a service gets at a time; proves semantics, section 4."""

import pytest

from ficus.resilience.bulkhead import Bulkhead, Full


class Guest:
    def __init__(self) -> None:
        self.places = 0

    def place_given(self) -> None:
        self.places += 1


class TestBulkhead:
    def test_has_sixty_four_places_and_room_for_thirty_two_to_wait(self) -> None:
        bulkhead = Bulkhead()

        entered = [bulkhead.enter(Guest()) for _ in range(64 + 32)]

        assert entered == [True] * 64 + [False] * 32
        with pytest.raises(Full):
            bulkhead.enter(Guest())
        assert (bulkhead.in_flight, len(bulkhead.waiting), bulkhead.refused) == (64, 32, 1)

    def test_gives_a_place_to_whoever_has_waited_longest(self) -> None:
        bulkhead = Bulkhead(1, 2)
        guests = [Guest() for _ in range(3)]
        for guest in guests:
            bulkhead.enter(guest)

        bulkhead.leave()

        assert [guest.places for guest in guests] == [0, 1, 0]
        assert bulkhead.in_flight == 1

    def test_lets_nobody_overtake_those_who_wait(self) -> None:
        bulkhead = Bulkhead(1, 2)
        bulkhead.enter(Guest())
        waiting, late = Guest(), Guest()
        bulkhead.enter(waiting)
        bulkhead.leave()

        assert bulkhead.enter(late) is False
        assert waiting.places == 1

    @pytest.mark.parametrize(("in_vain", "refused"), [(True, 1), (False, 0)])
    def test_counts_those_who_waited_in_vain_and_not_those_who_left(self, in_vain: bool, refused: int) -> None:
        bulkhead = Bulkhead(1, 1)
        bulkhead.enter(Guest())
        waiting = Guest()
        bulkhead.enter(waiting)

        bulkhead.give_up(waiting, in_vain=in_vain)
        bulkhead.leave()

        assert (bulkhead.refused, bulkhead.in_flight, waiting.places) == (refused, 0, 0)

    def test_calls_those_who_wait_when_it_grows(self) -> None:
        bulkhead = Bulkhead(1, 2)
        guests = [Guest() for _ in range(3)]
        for guest in guests:
            bulkhead.enter(guest)

        bulkhead.resize(2, 2)

        assert [guest.places for guest in guests] == [0, 1, 0]
