from concurrent.futures import ThreadPoolExecutor

from tests.e2e.people import Person
from tests.e2e.system import System, count_by_status, eventually, settled

ORDERS = 200
ENOUGH_FOR = 100
GRANTED = 100_000


class TestMoreOrdersThanCredit:
    def test_confirms_exactly_as_many_as_the_credit_is_good_for(self, system: System, guest: Person) -> None:
        product = system.cheapest()
        quantity = -(-GRANTED // (ENOUGH_FOR * product["unit_price"]))
        price = quantity * product["unit_price"]
        if missing := ENOUGH_FOR * price - GRANTED:
            grant = {"amount": missing, "reason": "a round number of orders"}
            assert system.demo_person("olga").post(f"/users/{guest.id}/credit/grants", grant).status_code == 201

        with ThreadPoolExecutor(ORDERS) as customers:
            answers = list(customers.map(lambda _: guest.place_surely(product["sku"], quantity), range(ORDERS)))

        # 422: the credit was already used up when the order came.
        assert {answer.status_code for answer in answers} <= {201, 422}
        orders = eventually(guest.orders, settled)
        assert count_by_status(orders)["CONFIRMED"] == ENOUGH_FOR
        assert count_by_status(orders).keys() <= {"CONFIRMED", "REJECTED"}
        assert len(orders) >= sum(answer.status_code == 201 for answer in answers) >= ENOUGH_FOR
        credit = guest.credit()
        assert (credit["available"], credit["held"]) == (0, ENOUGH_FOR * price)
