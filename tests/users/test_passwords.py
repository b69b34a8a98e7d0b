import threading
import time

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from apps.users import passwords
from apps.users.exceptions import TooBusyToHash
from ficus import deadline


@pytest.fixture
def places(monkeypatch):
    """Both places for hashing, free at first, in the test's hands."""
    places = threading.BoundedSemaphore(passwords.HASHES_AT_ONCE)
    monkeypatch.setattr(passwords, "_places", places)
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    return places


class TestHashing:
    def test_is_argon2id(self):
        encoded = make_password("correct horse battery")

        assert encoded.startswith("argon2$argon2id$")
        assert check_password("correct horse battery", encoded)
        assert not check_password("correct horse", encoded)

    def test_costs_what_owasp_asks_for(self, monkeypatch):
        for name in ("memory_cost", "time_cost", "parallelism"):
            monkeypatch.setattr(passwords.BoundedArgon2PasswordHasher, name, getattr(Argon2PasswordHasher, name))

        encoded = make_password("correct horse battery")

        assert encoded.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")

    def test_is_refused_while_two_are_at_it(self, places):
        for _ in range(2):
            places.acquire()

        with pytest.raises(TooBusyToHash):
            make_password("correct horse battery")

    def test_is_refused_when_the_answer_is_no_longer_wanted(self, places, monkeypatch):
        monkeypatch.setattr(passwords, "WAIT_SECONDS", 600)
        for _ in range(2):
            places.acquire()

        with deadline.entered(0.01), pytest.raises(TooBusyToHash):
            make_password("correct horse battery")

    def test_gives_its_place_back(self, places):
        for _ in range(5):
            make_password("correct horse battery")

        assert places.acquire(blocking=False)

    def test_waits_for_a_place(self, places, monkeypatch):
        monkeypatch.setattr(passwords, "WAIT_SECONDS", 5)
        for _ in range(2):
            places.acquire()
        began = time.monotonic()
        threading.Timer(0.05, places.release).start()

        encoded = make_password("correct horse battery")

        assert encoded.startswith("argon2")
        assert time.monotonic() - began >= 0.05
