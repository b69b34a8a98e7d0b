from tests.e2e.people import Person
from tests.e2e.system import System, count_by_status, eventually, in_services, settled

USERS = ("users-web", "users-rpc", "users-worker", "users-relay")


@in_services
class TestUsersAway:
    def test_takes_orders_meanwhile_and_settles_all_of_them_afterwards(self, system: System, guest: Person) -> None:
        sku = system.cheapest()["sku"]
        assert guest.orders() == []
        system.processes.stop(*USERS)

        answers = [guest.place(sku) for _ in range(10)]

        assert {answer.status_code for answer in answers} == {201}
        assert all(answer.json()["degraded"] == ["users"] for answer in answers)
        assert count_by_status(guest.orders()) == {"PENDING": 10}
        system.processes.start_again(*USERS)
        orders = eventually(guest.orders, settled)
        eventually(lambda: guest.get("/users/me").status_code, lambda status: status == 200)
        assert count_by_status(orders) == {"CONFIRMED": 10}
        assert sorted(guest.entries()) == sorted(("held", order["id"]) for order in orders)

    def test_shows_what_there_is_and_says_who_is_away(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()
        system.processes.stop(*USERS)

        answer = guest.get("/me")

        assert (answer.status_code, answer.json()["degraded"]) == (200, ["users"])
        assert [order["id"] for order in answer.json()["recent_orders"]] == [placed["id"]]
