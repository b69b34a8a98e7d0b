import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from apps.users import passwords, services
from apps.users.exceptions import TooBusyToHash
from ficus import deadline
from tests.users.conftest import NOW

PATIENCE_SECONDS = 60.0
MOST = passwords.HASHES_AT_ONCE + passwords.WAITING_AT_MOST


class Work:
    """Something to do in a place, until it is told to end."""

    def __init__(self, places):
        self._places = places
        self.done, self.begun, self.may_end = 0, threading.Semaphore(0), threading.Event()

    def __call__(self):
        with self._places.one():
            self.begun.release()
            assert self.may_end.wait(PATIENCE_SECONDS)
            self.done += 1


@pytest.fixture
def places(monkeypatch):
    """The process's places, free at first."""
    places = passwords.Places()
    monkeypatch.setattr(passwords, "_places", places)
    return places


@pytest.fixture
def crowd(places):
    """As many as may come: all places are taken, and all that may wait do so."""
    work = Work(places)
    with ThreadPoolExecutor(MOST) as threads:
        running = [threads.submit(work) for _ in range(MOST)]
        try:
            for _ in range(passwords.HASHES_AT_ONCE):
                assert work.begun.acquire(timeout=PATIENCE_SECONDS)
            give_up_at = time.monotonic() + PATIENCE_SECONDS
            while places._line._value and time.monotonic() < give_up_at:
                time.sleep(0.01)
            yield work
        finally:
            work.may_end.set()
    for each in running:
        each.result()


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", PATIENCE_SECONDS)


class TestHashing:
    def test_is_argon2id(self):
        encoded = make_password("correct horse battery")

        assert encoded.startswith("argon2$argon2id$")
        assert check_password("correct horse battery", encoded)
        assert not check_password("correct horse", encoded)

    def test_costs_what_owasp_asks_for(self, monkeypatch):
        for name in ("memory_cost", "time_cost"):
            monkeypatch.setattr(passwords.BoundedArgon2PasswordHasher, name, getattr(Argon2PasswordHasher, name))

        encoded = make_password("correct horse battery")

        assert encoded.startswith("argon2$argon2id$v=19$m=102400,t=2,p=1$")

    def test_is_refused_at_once_when_enough_are_waiting(self, crowd):
        with pytest.raises(TooBusyToHash) as refused:
            make_password("correct horse battery")

        assert refused.value.status == 429
        assert refused.value.extra["retry_after"] in range(1, 9)
        assert crowd.done == 0

    @pytest.mark.django_db
    def test_that_cannot_be_done_now_has_nothing_looked_up(self, crowd, django_assert_num_queries):
        with django_assert_num_queries(0), pytest.raises(TooBusyToHash):
            services.sign_in(username="ada", password="correct horse battery", address="", at=NOW)

    def test_is_done_by_no_more_at_once_than_may(self, crowd):
        assert not crowd.begun.acquire(timeout=0.1)

    def test_is_refused_when_the_answer_is_no_longer_wanted(self, places):
        work = Work(places)
        with ThreadPoolExecutor(passwords.HASHES_AT_ONCE) as threads:
            running = [threads.submit(work) for _ in range(passwords.HASHES_AT_ONCE)]
            try:
                for _ in running:
                    assert work.begun.acquire(timeout=PATIENCE_SECONDS)
                with deadline.entered(0.01), pytest.raises(TooBusyToHash):
                    make_password("correct horse battery")
            finally:
                work.may_end.set()

        assert make_password("correct horse battery")

    def test_gives_its_place_back(self, places):
        for _ in range(2 * MOST):
            make_password("correct horse battery")

        assert places._line._value == MOST
        assert places._places._value == passwords.HASHES_AT_ONCE

    def test_waits_for_a_place(self, crowd):
        crowd.may_end.set()
        until = time.monotonic() + PATIENCE_SECONDS
        while crowd.done < MOST and time.monotonic() < until:
            time.sleep(0.01)

        assert crowd.done == MOST
