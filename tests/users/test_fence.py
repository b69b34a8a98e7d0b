"""That people and credit never change without an event is held by a fence around every test; does it stand?"""

import pytest
from django.db import connection, transaction

from apps.users.models import CreditAccount, CreditEntry, User
from ficus.testing.fence import UnannouncedWrite
from tests.users.conftest import NOW

PAST_THE_SERVICES = {
    "save": lambda ada: ada.save(),
    "update": lambda ada: User.objects.update(is_active=False),
    "raw SQL": lambda ada: connection.cursor().execute("UPDATE users_user SET email = ''"),
    "bulk_update": lambda ada: CreditAccount.objects.bulk_update([CreditAccount(pk=ada.pk, held=1)], ["held"]),
    "bulk_create": lambda ada: CreditEntry.objects.bulk_create(
        [CreditEntry(account_id=ada.pk, version=9, kind="granted", amount=1, recorded_at=NOW)]
    ),
}


class TestFence:
    @pytest.mark.parametrize("write", PAST_THE_SERVICES.values(), ids=PAST_THE_SERVICES)
    def test_catches_whoever_goes_past_the_services(self, ada, fence, write):
        with pytest.raises(UnannouncedWrite), transaction.atomic():
            write(ada)

        fence.caught.clear()
        ada.refresh_from_db()
        assert (ada.is_active, ada.email, ada.credit.held) == (True, "ada@example.com", 0)

    def test_lets_a_person_sign_in_unannounced(self, ada, fence):
        ada.last_login = NOW
        ada.save(update_fields=["last_login"])

        assert fence.caught == []
