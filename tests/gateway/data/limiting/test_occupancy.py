from gateway.data.limiting.occupancy import Occupancy


class TestOccupancy:
    def test_lets_in_as_many_as_there_may_be(self) -> None:
        occupancy = Occupancy()

        assert [occupancy.enter(b"ada", 2) for _ in range(3)] == [True, True, False]
        assert occupancy.enter(b"sam", 2)

        occupancy.leave(b"ada")

        assert (occupancy.of(b"ada"), occupancy.enter(b"ada", 2)) == (1, True)

    def test_takes_no_room_for_who_has_left(self) -> None:
        occupancy = Occupancy()
        for number in range(1000):
            occupancy.enter(b"%d" % number, 1)
            occupancy.leave(b"%d" % number)

        assert len(occupancy) == 0
