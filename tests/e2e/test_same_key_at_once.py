from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from tests.e2e.people import Person
from tests.e2e.system import System, eventually, in_services

REQUESTS = 64


@in_services
class TestSameKeyAtOnce:
    def test_makes_one_order(self, system: System, guest: Person) -> None:
        sku, key = system.cheapest()["sku"], str(uuid4())

        with ThreadPoolExecutor(REQUESTS) as customers:
            answers = list(customers.map(lambda _: guest.place(sku, key=key), range(REQUESTS)))

        # 409 says that the first is still running, 503 that too many wait, 504 that the outcome is not known in time.
        assert {answer.status_code for answer in answers} <= {201, 409, 503, 504}
        placed = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.json()["id"] for answer in placed}) == 1
        assert sum("Idempotency-Replayed" not in answer.headers for answer in placed) <= 1
        assert [order["id"] for order in guest.orders()] == [placed[0].json()["id"]]
        credit = eventually(guest.credit, lambda credit: credit["held"] > 0)
        assert credit["held"] == placed[0].json()["total"]

    def test_answers_the_same_again_afterwards(self, system: System, guest: Person) -> None:
        sku, key = system.cheapest()["sku"], str(uuid4())
        first = guest.place(sku, key=key)

        again = guest.place(sku, key=key)
        other = guest.place(sku, 2, key=key)

        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert again.json() == first.json()
        assert other.status_code == 422
        assert len(guest.orders()) == 1
