"""Proves semantics section 7: one key, one effect, one answer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from ficus.http import idempotency, tasks
from ficus.http.models import KeptAnswer
from ficus.testing import tokens

pytestmark = pytest.mark.urls("tests.ficus.http.urls")

ADA, BOB = "0198a1b2-0000-7000-8000-000000000001", "0198a1b2-0000-7000-8000-000000000002"


def post(body: Any, *, key: str | None = "k-1", by: str | None = None, path: str = "/things") -> Any:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    if by is not None:
        headers |= tokens.bearer(user_id=by)
    return APIClient(raise_request_exception=False).post(path, body, format="json", **headers)


def effects() -> int:
    return Session.objects.count()


@pytest.mark.django_db
class TestPerform:
    def test_answers_the_second_time_as_the_first_and_does_nothing(self) -> None:
        first = post({"name": "x"})

        second = post({"name": "x"})

        assert (first.status_code, second.status_code) == (201, 201)
        assert second.content == first.content
        assert second["Location"] == first["Location"]
        assert second["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first
        assert effects() == 1

    def test_takes_the_same_body_in_another_order_and_path_for_the_same_request(self) -> None:
        post({"name": "x", "lines": []})

        second = post({"lines": [], "name": "x"}, path="/things/")

        assert second["Idempotency-Replayed"] == "true"
        assert effects() == 1

    def test_refuses_the_key_for_another_body(self) -> None:
        post({"name": "x"})

        response = post({"name": "y"})

        assert response.status_code == 422
        assert response.json()["code"] == "idempotency_key_reused"
        assert effects() == 1

    def test_refuses_the_key_for_another_path_of_the_same_route(self) -> None:
        post({"name": "x"})

        assert post({"name": "x"}, path="/optional").status_code == 422
        assert effects() == 1

    def test_keeps_people_apart(self) -> None:
        responses = [post({"name": "x"}, by=ADA), post({"name": "x"}, by=BOB), post({"name": "y"})]

        assert [response.status_code for response in responses] == [201, 201, 201]
        assert effects() == 3

    def test_takes_a_key_in_quotes_for_the_same_key(self) -> None:
        post({"name": "x"}, key="k-1")

        assert post({"name": "x"}, key='"k-1"')["Idempotency-Replayed"] == "true"

    def test_does_the_work_twice_for_two_keys(self) -> None:
        post({"name": "x"}, key="k-1")
        post({"name": "x"}, key="k-2")

        assert effects() == 2

    def test_asks_for_a_key_where_one_is_required(self) -> None:
        response = post({"name": "x"}, key=None)

        assert response.status_code == 400
        assert response.json()["code"] == "idempotency_key_missing"
        assert effects() == 0

    def test_takes_an_empty_key_for_a_malformed_one(self) -> None:
        response = post({"name": "x"}, key="", path="/optional")

        assert response.status_code == 400
        assert response.json()["code"] == "idempotency_key_malformed"
        assert effects() == 0

    def test_works_without_a_key_where_none_is_required(self) -> None:
        responses = [post({"name": "x"}, key=None, path="/optional") for _ in range(2)]

        assert [response.status_code for response in responses] == [201, 201]
        assert (effects(), KeptAnswer.objects.count()) == (2, 0)

    @pytest.mark.parametrize("key", ["a b", "é", "x" * 256, "a\tb"])
    def test_refuses_a_key_that_is_none(self, key: str) -> None:
        response = post({"name": "x"}, key=key)

        assert response.status_code == 400
        assert response.json()["code"] == "idempotency_key_malformed"
        assert effects() == 0

    def test_forgets_after_a_day(self) -> None:
        post({"name": "x"})
        KeptAnswer.objects.update(expires_at=timezone.now())

        response = post({"name": "y"})

        assert response.status_code == 201
        assert (effects(), KeptAnswer.objects.count()) == (2, 1)
        assert KeptAnswer.objects.get().expires_at > timezone.now() + timedelta(hours=23)

    def test_keeps_no_body_of_the_request(self) -> None:
        post({"name": "secret"})

        kept = KeptAnswer.objects.get()

        assert "secret" not in str(vars(kept))


@pytest.mark.django_db
class TestWhatIsNotKept:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"nmae": "x"}, 400),
            ({"name": "conflict"}, 409),
            ({"name": "throttled"}, 429),
            ({"name": "not_found"}, 404),
            ({"name": "unavailable"}, 503),
            ({"name": "bug"}, 500),
        ],
    )
    def test_is_tried_again_and_leaves_nothing_behind(self, body: Any, status: int) -> None:
        responses = [post(body), post(body)]

        assert [response.status_code for response in responses] == [status, status]
        assert not any("Idempotency-Replayed" in response for response in responses)
        assert (effects(), KeptAnswer.objects.count()) == (0, 0)

    def test_frees_the_key_for_another_body(self) -> None:
        post({"name": "conflict"})

        assert post({"name": "x"}).status_code == 201

    @pytest.mark.parametrize("name", ["refused", "refused before"])
    def test_is_everything_but_a_refusal_by_a_rule(self, name: str) -> None:
        first, second = post({"name": name}), post({"name": name})

        assert (first.status_code, second.status_code) == (422, 422)
        assert second["Idempotency-Replayed"] == "true"
        assert second["Content-Type"] == "application/problem+json"
        assert second.json()["code"] == "out_of_paper"
        assert effects() == 0


@pytest.mark.django_db(transaction=True)
class TestConcurrently:
    def test_64_requests_with_one_key_have_one_effect(self) -> None:
        def ask(number: int) -> Any:
            try:
                return post({"name": "x"}, by=ADA)
            finally:
                connection.close()

        header = tokens.bearer(user_id=ADA)
        assert header
        with ThreadPoolExecutor(24) as executor:
            responses = list(executor.map(ask, range(64)))

        answers = Counter(response.status_code for response in responses)
        made = {response.json()["made"] for response in responses if response.status_code == 201}
        assert set(answers) <= {201, 409}
        assert answers[201] >= 1
        assert len(made) == 1
        assert (effects(), KeptAnswer.objects.count()) == (1, 1)
        assert sum("Idempotency-Replayed" not in r for r in responses if r.status_code == 201) == 1

    @pytest.mark.applies_when(lambda: connection.vendor == "postgresql")  # SQLite lets the second wait instead
    def test_says_that_the_first_is_still_running(self) -> None:
        place = {"subject": "", "route": "tests.make_thing", "key": "k-1"}

        def ask() -> Any:
            try:
                return post({"name": "x"})
            finally:
                connection.close()

        with transaction.atomic(), ThreadPoolExecutor(1) as executor:
            idempotency._claim(place)
            response = executor.submit(ask).result()

        assert response.status_code == 409
        assert response.json()["code"] == "request_in_progress"
        assert effects() == 0
        assert post({"name": "x"}).status_code == 201


@pytest.mark.django_db
class TestPurge:
    def test_deletes_what_has_expired_and_nothing_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(idempotency, "PURGE_AT_ONCE", 2)
        now = timezone.now()
        for number in range(7):
            post({"name": "x"}, key=f"k-{number}")
        KeptAnswer.objects.exclude(key="k-6").update(expires_at=now)

        deleted = idempotency.purge(at=now)

        assert deleted == 6
        assert [kept.key for kept in KeptAnswer.objects.all()] == ["k-6"]

    def test_is_what_the_clock_does_every_hour(self) -> None:
        post({"name": "x"})
        KeptAnswer.objects.update(expires_at=timezone.now())

        tasks.purge_kept_answers(later_argument=1)

        assert KeptAnswer.objects.count() == 0
        assert list(tasks.SCHEDULE) == [tasks.purge_kept_answers.name]
