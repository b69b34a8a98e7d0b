"""
How much a hundred people who sign in at the same time slow down everybody else, at the users service itself.

    python -m bench.sign_ins

Starts the service on SQLite with a state of its own, asks for ``/users/me`` with a token, first alone and then while as
many sign in, each again as soon as he may, and prints how long that took. Half of them have a wrong password.
"""

import argparse
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import requests

from bench.figures import percentile
from config.processes import command, web
from ficus.testing.processes import Processes, free_ports

READERS = 4
PASSWORD = "a-fig-a-day-keeps"
PERSON = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}


@dataclass(frozen=True)
class Seen:
    """
    What one kind of client met.

    :ivar seconds: of each answer.
    :ivar statuses: how often each came.
    """

    seconds: list[float]
    statuses: Counter[int]

    def line(self, name: str) -> str:
        p50, p95 = (1000 * (percentile(self.seconds, share) or 0.0) for share in (0.5, 0.95))
        statuses = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return f"{name:<28} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms   {statuses}"


@contextmanager
def running_users(state: Path) -> Iterator[str]:
    """Start the users service with one person; yield its address."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    environment = {
        "FICUS_ENV": "development",
        "FICUS_ENV_FILE": os.devnull,
        "FICUS_STATE": str(state),
        "DISCOVERY_URL": "",
    }

    with Processes(state / "log") as processes:
        for arguments in (("migrate", "-v", "0"), ("create_signing_key",)):
            processes.run(replace(command("users", *arguments), environment=environment))
        processes.start(replace(web("users", address), environment=environment))
        requests.post(f"http://{address}/users", json=PERSON, timeout=30).raise_for_status()
        yield f"http://{address}"


def ask(clients: int, until: float, question: Callable[[requests.Session, int], requests.Response]) -> Seen:
    """Have so many clients ask again and again until then."""
    seconds: list[float] = []
    statuses: Counter[int] = Counter()

    def work(number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (began := time.perf_counter()) < until:
                answer = question(session, number)
                seconds.append(time.perf_counter() - began)
                statuses[answer.status_code] += 1
                time.sleep(float(answer.headers.get("Retry-After", 0)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Seen(seconds, statuses)


def measure(url: str, *, sign_ins: int, seconds: float) -> tuple[Seen, Seen, Seen]:
    """Return what readers met alone, what they met while others signed in, and what those met."""
    signed_in = requests.post(f"{url}/auth/token", json={"username": "ada", "password": PASSWORD}, timeout=60)
    signed_in.raise_for_status()
    bearer = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}

    def read(session: requests.Session, _: int) -> requests.Response:
        return session.get(f"{url}/users/me", headers=bearer, timeout=60)

    def sign_in(session: requests.Session, number: int) -> requests.Response:
        # Each from an address of its own, so that nobody is locked out.
        given = {"username": "ada", "password": PASSWORD if number % 2 else "wrong"}
        origin = {"X-Forwarded-For": f"10.{number}.{time.monotonic_ns() % 250}.{time.monotonic_ns() % 251}"}
        return session.post(f"{url}/auth/token", json=given, headers=origin, timeout=60)

    ask(READERS, time.perf_counter() + 1, read)  # so that everything is loaded
    alone = ask(READERS, time.perf_counter() + seconds, read)
    until = time.perf_counter() + seconds + 1
    met: list[Seen] = []
    crowd = threading.Thread(target=lambda: met.append(ask(sign_ins, until, sign_in)))
    crowd.start()
    time.sleep(1)
    beside = ask(READERS, until, read)
    crowd.join()
    return alone, beside, met[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sign_ins", description=__doc__.split("\n\n")[0])
    parser.add_argument("--sign-ins", type=int, default=100, help="how many sign in at a time")
    parser.add_argument("--seconds", type=float, default=10, help="of each of the two windows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ficus-bench-") as state, running_users(Path(state)) as url:
        alone, beside, crowd = measure(url, sign_ins=options.sign_ins, seconds=options.seconds)
    print(alone.line("others, alone"))
    print(beside.line(f"others, beside {options.sign_ins} sign-ins"))
    print(crowd.line("sign-ins"))
    ratios = [
        (percentile(beside.seconds, share) or 0) / (percentile(alone.seconds, share) or 1) for share in (0.5, 0.95)
    ]
    print(f"the others take {ratios[0]:.2f} times as long (p50), {ratios[1]:.2f} times (p95)")


if __name__ == "__main__":
    main()
