from uuid import uuid4

import pytest

from apps.users.models import CreditAccount, CreditHold
from contracts.users.v1 import users_pb2
from contracts.users.v1.users_pb2_grpc import UsersStub
from ficus.errors import Invalid, NotFound
from ficus.events.announced import unannounced
from ficus.events.models import LogEntry
from ficus.rpc.client import client

# The client refuses to be called inside a transaction, so each test commits.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def users(settings):
    """The users service, asked through its messages."""
    settings.RPC = {**settings.RPC, "UPSTREAMS": {**settings.RPC["UPSTREAMS"], "users": "local"}}
    return client("users", UsersStub)


def reservation(customer_id, amount=1000, *, order_id=None):
    return users_pb2.Reservation(
        order_id=str(order_id or uuid4()), customer_id=str(customer_id), currency="EUR", amount=amount
    )


class TestGetCredit:
    def test_tells_where_the_credit_is(self, users, ada):
        with unannounced("the amounts are what is read"):
            CreditAccount.objects.update(held=300, captured=200)

        credit = users.GetCredit(users_pb2.GetCreditRequest(customer_id=str(ada.id)))

        assert credit == users_pb2.Credit(
            customer_id=str(ada.id), currency="EUR", granted=100_000, held=300, captured=200, available=99_500
        )

    def test_knows_no_stranger(self, users):
        with pytest.raises(NotFound) as refusal:
            users.GetCredit(users_pb2.GetCreditRequest(customer_id=str(uuid4())))

        assert refusal.value.code == "credit_not_found"

    def test_refuses_what_is_no_id(self, users):
        with pytest.raises(Invalid, match="customer_id is no UUID"):
            users.GetCredit(users_pb2.GetCreditRequest(customer_id="ada"))


class TestReserveCredits:
    def test_answers_in_the_order_of_the_request(self, users, ada):
        wishes = [reservation(ada.id, 60_000), reservation(ada.id, 60_000), reservation(uuid4())]

        response = users.ReserveCredits(users_pb2.ReserveCreditsRequest(reservations=wishes))

        assert [(outcome.order_id, outcome.reserved, outcome.reason) for outcome in response.outcomes] == [
            (wishes[0].order_id, True, ""),
            (wishes[1].order_id, False, "credit_exceeded"),
            (wishes[2].order_id, False, "customer_unknown"),
        ]

    def test_may_be_repeated(self, users, ada):
        request = users_pb2.ReserveCreditsRequest(reservations=[reservation(ada.id) for _ in range(1000)])

        first, second = (users.ReserveCredits(request, timeout=20) for _ in range(2))

        assert first == second
        assert sum(outcome.reserved for outcome in first.outcomes) == 100
        assert (CreditHold.objects.count(), CreditAccount.objects.get().held) == (1000, 100_000)

    @pytest.mark.parametrize(
        "wishes", [lambda ada: [reservation(ada.id)] * 1001, lambda ada: [reservation(ada.id), reservation("x")]]
    )
    def test_refuses_the_whole_of_a_request_that_is_not_right(self, users, ada, wishes):
        before = LogEntry.objects.count()

        with pytest.raises(Invalid):
            users.ReserveCredits(users_pb2.ReserveCreditsRequest(reservations=wishes(ada)))

        assert (CreditHold.objects.count(), LogEntry.objects.count()) == (0, before)
