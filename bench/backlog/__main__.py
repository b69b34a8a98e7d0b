"""Builds up a backlog with users' workers and relay down, starts them, and places fresh orders until it is gone."""

import argparse
import json
import os
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.backlog.watching import Memory, asker, end, reached, wait_until
from config.processes import command
from tests.e2e.people import PASSWORD, Person
from tests.e2e.system import System, eventually, settled
from tests.servers import Databases, Servers

FOR_EVER_SECONDS = 86_400
NEVER = 10**9
SERVICES = ("users", "orders")
CREATED = 201
SIGNED_IN_SECONDS = 120
# What everybody is granted on joining buys so many of the cheapest product.
MOST_FRESH_ORDERS = 190


def main() -> None:
    asked = parse()
    databases = Databases(Servers.read(os.environ)) if asked.postgres else None
    environment = {
        "ORDER_DEADLINE_SECONDS": str(FOR_EVER_SECONDS),
        "USERS_PARTITIONS": str(asked.workers),
        "EVENTS_FAR_BEHIND": str(NEVER if asked.in_turn else asked.far_behind),
    }
    with tempfile.TemporaryDirectory(prefix="ficus-backlog-") as folder:
        state = Path(folder)
        system = System("services", state, databases, workers={"users": asked.workers}, environment=environment)
        with system.running():
            figures = measure(system, state, asked)
    figures |= {"asked": vars(asked), "processors": os.cpu_count(), "load_at_end": os.getloadavg()}
    text = json.dumps(figures, indent=2)
    print(text)
    if asked.out:
        Path(asked.out).parent.mkdir(parents=True, exist_ok=True)
        Path(asked.out).write_text(text + "\n")


def measure(system: System, state: Path, asked: argparse.Namespace) -> dict[str, Any]:
    ask = {name: asker(system.environment.get(f"{name.upper()}_DATABASE_URL", ""), state, name) for name in SERVICES}
    system.run(command("users", "seed", "--customers", str(asked.customers)))
    users = [name for name in system.names("") if name.startswith(("users-worker", "users-relay"))]
    # Orders must know of the customers before users' relay goes.
    system.run(command("orders", "seed", "--orders", "200"))
    system.processes.stop(*users)
    began = time.monotonic()
    system.run(command("orders", "seed", "--orders", str(asked.orders)))
    built_seconds = time.monotonic() - began
    guest, sku = Person.join(system.url), system.cheapest()["sku"]
    backlog_end = wait_for_positions(ask["orders"])
    backlog = backlog_end - reached(ask["users"])

    def is_done() -> bool:
        return reached(ask["users"]) >= backlog_end

    def pids() -> dict[str, int]:
        return {name: pid for name in system.names("") if (pid := _pid(system, name))}

    load_before = os.getloadavg()
    placed_while_behind: list[str] = []
    with Memory(pids) as memory:
        began = time.monotonic()
        system.processes.start_again(*users)
        placing = threading.Thread(target=place, args=(guest, sku, asked.pause_seconds, is_done, placed_while_behind))
        placing.start()
        drained_seconds = wait_until(is_done, asked.most_seconds)
        placing.join()
        guest = again(guest)
        orders = eventually(guest.orders, settled, 120.0)
    took = sorted(seconds_to_confirmed(guest, order_id) for order_id in placed_while_behind)
    return {
        "backlog_events": backlog,
        "built_seconds": round(built_seconds, 1),
        "drained": is_done(),
        "drained_seconds": round(drained_seconds, 1),
        "drained_events_per_second": round(backlog / drained_seconds, 1),
        "peak_megabytes": {name: round(peak, 1) for name, peak in sorted(memory.peaks.items())},
        "fresh_orders": len(took),
        "fresh_statuses": sorted({order["status"] for order in orders}),
        "fresh_seconds_to_confirmed": summary(took),
        "left_in_the_lane": ask["users"]("SELECT count(*) FROM ficus_events_appliedahead"),
        "audit": system.audit(),
        "load_before": load_before,
    }


def wait_for_positions(ask: Any) -> int:
    """Return where orders' log ends once its relay has given every entry a position."""
    wait_until(lambda: ask("SELECT count(*) FROM ficus_events_logentry WHERE position IS NULL") == 0, 600.0)
    return end(ask)


def place(guest: Person, sku: str, pause_seconds: float, is_done: Any, placed: list[str]) -> None:
    """Place one order after the other while users is behind, as many as the guest's credit allows."""
    signed_in_at = time.monotonic()
    while not is_done() and len(placed) < MOST_FRESH_ORDERS:
        if time.monotonic() - signed_in_at > SIGNED_IN_SECONDS:
            guest, signed_in_at = again(guest), time.monotonic()
        answer = guest.place_surely(sku)
        if answer.status_code == CREATED:
            placed.append(answer.json()["id"])
        time.sleep(pause_seconds)


def again(guest: Person) -> Person:
    """Return the guest with a new access token; one is good for five minutes."""
    return Person.sign_in(guest.url, guest.username, PASSWORD)


def seconds_to_confirmed(guest: Person, order_id: str) -> float:
    """Return what orders' own log says."""
    history = guest.get(f"/orders/{order_id}/history").json()["results"]
    at = {event["type"]: datetime.fromisoformat(event["at"]) for event in history}
    return (at["orders.order_confirmed"] - at["orders.order_placed"]).total_seconds()


def summary(took: list[float]) -> dict[str, float]:
    if len(took) < 2:
        return {"all": took[0]} if took else {}
    cuts = quantiles(took, n=100, method="inclusive")
    return {"p50": round(cuts[49], 3), "p90": round(cuts[89], 3), "p99": round(cuts[98], 3), "max": round(took[-1], 3)}


def _pid(system: System, name: str) -> int | None:
    try:
        return system.processes.pid(name)
    except LookupError:
        return None


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.backlog", description=__doc__)
    parser.add_argument("--orders", type=int, default=84_000, help="to seed; about 2.4 events each")
    parser.add_argument("--customers", type=int, default=5_000, help="who order them")
    parser.add_argument("--workers", type=int, default=1, help="of users, and parts in which it follows orders' log")
    parser.add_argument("--far-behind", type=int, default=1_000, help="from how many events on fresh ones overtake")
    parser.add_argument("--in-turn", action="store_true", help="fresh events wait for their turn")
    parser.add_argument("--pause-seconds", type=float, default=1.0, help="between fresh orders")
    parser.add_argument("--most-seconds", type=float, default=3_600.0, help="how long to wait for the end")
    parser.add_argument("--postgres", action="store_true", help="use TEST_POSTGRES_URL and TEST_REDIS_URL")
    parser.add_argument("--out", help="file for the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
