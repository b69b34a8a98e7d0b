from tests.e2e.people import Person
from tests.e2e.system import System, eventually, in_services


class TestOrderOverTheLimit:
    def test_is_refused_at_once_when_users_answers_in_time(self, system: System, guest: Person) -> None:
        product = system.cheapest()
        too_many = 100_000 // product["unit_price"] + 1

        answer = guest.place(product["sku"], too_many)

        assert (answer.status_code, answer.json()["code"]) == (422, "credit_exceeded")
        assert guest.orders() == []
        assert guest.credit()["held"] == 0

    @in_services
    def test_is_taken_and_rejected_later_when_users_cannot_be_asked(self, system: System, guest: Person) -> None:
        product = system.cheapest()
        too_many = 100_000 // product["unit_price"] + 1
        system.processes.stop("users-rpc")

        answer = guest.place(product["sku"], too_many)

        assert (answer.status_code, answer.json()["status"]) == (201, "PENDING")
        order = eventually(lambda: guest.order(answer.json()["id"]), lambda order: order["status"] != "PENDING")
        assert (order["status"], order["reason"]) == ("REJECTED", "credit_exceeded")
        assert guest.credit()["held"] == 0
