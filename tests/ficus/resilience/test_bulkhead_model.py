"""The bulkhead against a model of two lists, those inside and those before the door; semantics section 4."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ficus.resilience.bulkhead import Bulkhead, Full


class Guest:
    def __init__(self) -> None:
        self.places = 0

    def place_given(self) -> None:
        self.places += 1


class Comparison(RuleBasedStateMachine):
    """Does the same to both and compares after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.limit, self.room, self.refused = 3, 2, 0
        self.inside: list[Guest] = []
        self.before: list[Guest] = []
        self.bulkhead = Bulkhead(self.limit, self.room)

    @rule()
    def a_guest_comes(self) -> None:
        guest = Guest()
        is_full = len(self.inside) >= self.limit or bool(self.before)
        try:
            entered = self.bulkhead.enter(guest)
        except Full:
            assert is_full
            assert len(self.before) >= self.room
            self.refused += 1
            return
        assert entered is not is_full
        (self.before if is_full else self.inside).append(guest)
        guest.places += entered

    @precondition(lambda self: self.inside)
    @rule(choice=st.integers(0))
    def a_guest_leaves(self, choice: int) -> None:
        self.inside.pop(choice % len(self.inside))
        self.bulkhead.leave()
        self._let_in()

    @precondition(lambda self: self.before)
    @rule(choice=st.integers(0), in_vain=st.booleans())
    def a_guest_waits_no_longer(self, choice: int, in_vain: bool) -> None:
        self.bulkhead.give_up(self.before.pop(choice % len(self.before)), in_vain=in_vain)
        self.refused += in_vain

    @precondition(lambda self: self.inside)
    @rule(choice=st.integers(0))
    def a_guest_inside_gives_up_too_late(self, choice: int) -> None:
        self.bulkhead.give_up(self.inside[choice % len(self.inside)], in_vain=True)

    @rule(limit=st.integers(1, 6), room=st.integers(0, 4))
    def the_house_is_rebuilt(self, limit: int, room: int) -> None:
        self.limit, self.room = limit, room
        self.bulkhead.resize(limit, room)
        self._let_in()

    def _let_in(self) -> None:
        while self.before and len(self.inside) < self.limit:
            self.inside.append(self.before.pop(0))

    @invariant()
    def both_have_the_same_guests(self) -> None:
        assert self.bulkhead.in_flight == len(self.inside)
        assert list(self.bulkhead.waiting) == self.before
        assert self.bulkhead.refused == self.refused
        assert [guest.places for guest in self.inside] == [1] * len(self.inside)
        assert [guest.places for guest in self.before] == [0] * len(self.before)


TestBulkheadAgainstItsModel = Comparison.TestCase
TestBulkheadAgainstItsModel.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
