"""The ledger's imbalance is 0 whatever happens to orders, and shows what does not add up; semantics section 12."""

import pytest
from django.test import Client

from apps.users import services
from apps.users.models import CreditAccount, User
from apps.users.standing import imbalance
from ficus.events.announced import unannounced
from ficus.telemetry import standing
from tests.users.conftest import NOW
from tests.users.services.test_credit import reserve


class TestImbalance:
    def test_is_none_before_there_is_anything(self, db: None) -> None:
        assert imbalance() == 0

    def test_is_none_whatever_becomes_of_orders(self, ada: User) -> None:
        waiting, given_up, paid = reserve(ada.id, 100), reserve(ada.id, 20), reserve(ada.id, 3)
        services.release_credit(order_id=given_up, customer_id=ada.id, at=NOW)
        services.capture_credit(order_id=paid, customer_id=ada.id, at=NOW)

        assert CreditAccount.objects.get(pk=ada.id).held == 100, waiting
        assert imbalance() == 0

    @pytest.mark.parametrize("amount", ["granted", "held", "captured"])
    def test_shows_an_account_that_the_ledger_does_not_bear_out(self, ada: User, amount: str) -> None:
        account = CreditAccount.objects.get(pk=ada.id)
        setattr(account, amount, getattr(account, amount) + 7)
        with unannounced("the ledger is not to bear it out"):
            account.save()

        assert imbalance() == 7

    def test_stands_in_the_metrics(self, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(standing, "standing", standing.Standing())

        assert "\nficus_credit_ledger_imbalance 0.0\n" in Client().get("/metrics").text
