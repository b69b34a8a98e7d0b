"""The key that signs is changed while people sign in and work; proves semantics, section 6."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import requests

from tests.e2e.people import PASSWORD, Person
from tests.e2e.system import System, eventually

AN_HOUR = 3600
OWN = {"users": "users/me", "monolith": "orders"}


def rotate(system: System, *options: str) -> None:
    """Rotate as if the next key had been published for long: all verifiers of this system knew it from the start."""
    key_file = Path(system.environment["FICUS_STATE"]) / "keys" / "users.pem"
    os.utime(key_file, (time.time() - AN_HOUR,) * 2)
    issuer = "monolith" if system.name == "monolith" else "users"
    done = system.manage(issuer, "rotate_signing_key", *options)
    assert done.returncode == 0, done.stderr


def kid_of(person: Person) -> str:
    kid: str = jwt.get_unverified_header(str(person.session.headers["Authorization"]).split()[1])["kid"]
    return kid


def everywhere(system: System, person: Person) -> set[int]:
    """Return what the front door and each service itself answer to the person's token."""
    header = {"Authorization": str(person.session.headers["Authorization"])}
    return {
        requests.get(f"{url}/{path}", headers=header, timeout=30).status_code
        for url, path in [
            (system.url, "orders"),
            *((url, OWN.get(name, name)) for name, url in system.service_urls.items()),
        ]
    }


class TestSigningKey:
    def test_is_rotated_without_one_refused_token(self, system: System, guest: Person) -> None:
        first, over, seen = kid_of(guest), threading.Event(), set[int]()

        def work() -> None:
            while not over.is_set():
                seen.update(everywhere(system, guest))
                seen.update(everywhere(system, Person.sign_in(system.url, guest.username, PASSWORD)))

        with ThreadPoolExecutor(2) as threads:
            working = [threads.submit(work) for _ in range(2)]
            try:
                rotate(system)
                fresh = eventually(
                    lambda: Person.sign_in(system.url, guest.username, PASSWORD), lambda each: kid_of(each) != first
                )
            finally:
                over.set()
            for each in working:
                each.result()
        seen.update(everywhere(system, fresh), everywhere(system, guest))

        assert kid_of(fresh) != first
        assert 200 in seen
        assert 401 not in seen

    def test_that_others_know_is_good_nowhere_any_more(self, system: System, guest: Person) -> None:
        assert eventually(lambda: everywhere(system, guest), lambda seen: seen == {200}, 90) == {200}

        rotate(system, "--compromised")

        assert eventually(lambda: everywhere(system, guest), lambda seen: seen == {401}, 90) == {401}
        again = Person.sign_in(system.url, guest.username, PASSWORD)
        assert eventually(lambda: everywhere(system, again), lambda seen: seen == {200}, 90) == {200}
