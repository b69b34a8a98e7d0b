from tests.e2e.people import Person
from tests.e2e.system import System, eventually


class TestPlaceOrder:
    def test_is_pending_at_first_and_then_confirmed_with_its_credit_held(self, system: System, guest: Person) -> None:
        product = system.cheapest()

        answer = guest.place(product["sku"], 2)

        assert answer.status_code == 201
        placed = answer.json()
        assert answer.headers["Location"].endswith(f"/orders/{placed['id']}")
        assert (placed["status"], placed["total"]) == ("PENDING", 2 * product["unit_price"])
        order = eventually(lambda: guest.order(placed["id"]), lambda order: order["status"] != "PENDING")
        assert (order["status"], order["version"]) == ("CONFIRMED", 2)
        assert guest.history(placed["id"]) == ["orders.order_placed", "orders.order_confirmed"]
        credit = guest.credit()
        assert (credit["granted"], credit["held"], credit["captured"]) == (100_000, placed["total"], 0)
        assert guest.entries() == [("held", placed["id"])]

    def test_waits_for_the_outcome_if_the_client_prefers_that(self, system: System, guest: Person) -> None:
        answer = guest.place(system.cheapest()["sku"], wait=10)

        assert (answer.status_code, answer.json()["status"]) == (201, "CONFIRMED")
        assert answer.headers["Preference-Applied"] == "wait=10"

    def test_shows_the_customer_s_name_that_users_announced(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()

        order = eventually(lambda: guest.order(placed["id"]), lambda order: bool(order["customer"]["username"]))

        assert order["customer"] == {"id": guest.id, "username": guest.username}


class TestCancelOrder:
    def test_gives_back_what_was_held(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()

        answer = guest.post(f"/orders/{placed['id']}/cancel", {"reason": "changed my mind"})

        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
        credit = eventually(guest.credit, lambda credit: credit["held"] == 0)
        assert (credit["held"], credit["available"]) == (0, 100_000)
        assert guest.entries() == [("released", placed["id"]), ("held", placed["id"])]

    def test_is_refused_once_the_order_has_ended(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()
        guest.post(f"/orders/{placed['id']}/cancel")

        answer = guest.post(f"/orders/{placed['id']}/cancel")

        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_move")
        assert guest.order(placed["id"])["version"] == 3


class TestFulfilOrder:
    def test_captures_what_was_held(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()
        olga = system.demo_person("olga")

        answer = olga.post(f"/orders/{placed['id']}/fulfil")

        assert (answer.status_code, answer.json()["status"]) == (200, "FULFILLED")
        credit = eventually(guest.credit, lambda credit: credit["captured"] > 0)
        assert (credit["held"], credit["captured"]) == (0, placed["total"])

    def test_is_for_operators_alone(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()

        answer = guest.post(f"/orders/{placed['id']}/fulfil")

        assert answer.status_code == 403
        assert guest.order(placed["id"])["status"] == "CONFIRMED"


class TestMe:
    def test_is_one_answer_from_both_services(self, system: System, guest: Person) -> None:
        placed = guest.place(system.cheapest()["sku"], wait=10).json()

        me = guest.get("/me").json()

        assert me["degraded"] == []
        assert me["user"]["username"] == guest.username
        assert me["credit"]["held"] == placed["total"]
        assert [order["id"] for order in me["recent_orders"]] == [placed["id"]]
