import pytest

from tests.e2e.people import Person
from tests.e2e.system import System, in_services


@in_services
class TestStrangers:
    @pytest.fixture
    def stranger(self, system: System) -> Person:
        return Person.join(system.url)

    def test_see_neither_an_order_nor_its_history(self, system: System, guest: Person, stranger: Person) -> None:
        order = guest.place(system.cheapest()["sku"], wait=10).json()

        answers = [stranger.get(f"/orders/{order['id']}"), stranger.get(f"/orders/{order['id']}/history")]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert stranger.orders() == []

    def test_cannot_cancel_an_order(self, system: System, guest: Person, stranger: Person) -> None:
        order = guest.place(system.cheapest()["sku"], wait=10).json()

        answer = stranger.post(f"/orders/{order['id']}/cancel")

        assert answer.status_code == 404
        assert guest.order(order["id"])["status"] == "CONFIRMED"
        assert guest.history(order["id"]) == ["orders.order_placed", "orders.order_confirmed"]

    def test_see_no_profile_and_no_credit(self, guest: Person, stranger: Person) -> None:
        answers = [stranger.get(f"/users/{guest.id}"), stranger.get(f"/users/{guest.id}/credit")]

        assert [answer.status_code for answer in answers] == [404, 404]

    def test_without_a_token_are_asked_to_sign_in(self, system: System, guest: Person) -> None:
        del guest.session.headers["Authorization"]

        answer = guest.get("/orders")

        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
