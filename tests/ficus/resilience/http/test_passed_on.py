"""What a call takes along, and where it may not be made."""

import pytest
import requests
from django.db import transaction

from ficus import context
from ficus.transactions import RemoteCallInTransaction
from tests.ficus.resilience.service import (
    Service,
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class TestWhatIsPassedOn:
    def test_is_for_what_the_call_is_made(self, http: requests.Session, service: Service) -> None:
        with context.entered(correlation_id="request-1", traceparent=TRACE):
            http.get(service.url)

        headers = service.asked[0].headers
        assert (headers["X-Request-ID"], headers["traceparent"]) == ("request-1", TRACE)

    def test_is_the_callers_own_word_where_there_is_one(self, http: requests.Session, service: Service) -> None:
        with context.entered(correlation_id="request-1", traceparent=TRACE):
            http.get(service.url, headers={"X-Request-ID": "mine", "Authorization": "Bearer x"})

        headers = service.asked[0].headers
        assert (headers["X-Request-ID"], headers["Authorization"]) == ("mine", "Bearer x")

    def test_is_nothing_that_could_break_a_head(self, http: requests.Session, service: Service) -> None:
        with context.entered(correlation_id="one\r\nX-Role: admin"):
            http.get(service.url)

        assert service.asked[0].headers["X-Request-ID"] is None
        assert service.asked[0].headers["X-Role"] is None


class TestTransactions:
    def test_are_over_before_anybody_is_asked(
        self, http: requests.Session, service: Service, transactional_db: None
    ) -> None:
        with transaction.atomic(), pytest.raises(RemoteCallInTransaction):
            http.get(service.url)

        assert service.asked == []
