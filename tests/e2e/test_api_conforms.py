"""Whatever is asked at the front door is answered as the OpenAPI document says: schemathesis asks, for good and ill."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.people import PASSWORD, Person
from tests.e2e.system import System, eventually, in_services

CONFORMING = Path(__file__).parent / "conforming"
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
EXAMPLES = 6


@in_services
@pytest.mark.timeout(900)
class TestApi:
    def test_conforms_to_its_document_for_a_customer(self, system: System, guest: Person, tmp_path: Path) -> None:
        stock_up(system, guest)

        run, answers = schemathesis(system, guest, tmp_path)

        assert run.returncode == 0, run.stdout[-20_000:]
        assert {("POST", "/orders", "201"), ("GET", "/orders/{order_id}", "200")} <= answers

    def test_conforms_to_its_document_for_an_operator(self, system: System, guest: Person, tmp_path: Path) -> None:
        stock_up(system, guest)

        run, answers = schemathesis(system, system.demo_person("olga"), tmp_path)

        assert run.returncode == 0, run.stdout[-20_000:]
        assert {
            ("GET", "/me", "200"),
            ("GET", "/users", "200"),
            ("GET", "/orders/{order_id}", "200"),
            ("POST", "/orders", "201"),
            ("POST", "/users/{user_id}/credit/grants", "201"),
            ("PATCH", "/users/{user_id}", "200"),
        } <= answers


def stock_up(system: System, customer: Person) -> None:
    """Give the customer orders in several states."""
    sku = system.cheapest()["sku"]
    placed = [customer.place(sku, wait=10).json() for _ in range(4)]
    customer.move_surely(placed[0]["id"], "cancel", "CANCELLED")


def schemathesis(
    system: System, person: Person, folder: Path
) -> tuple[subprocess.CompletedProcess[str], set[tuple[str, ...]]]:
    """Have schemathesis ask as that person; return how it went, and each method, path and status that occurred."""
    whole = eventually(lambda: read_document(system), lambda document: "x-away" not in document["info"], seconds=120)
    assert "x-away" not in whole["info"]
    answers = folder / "answers"
    friend = Person.join(system.url)
    environment = {
        **os.environ,
        "TOKEN": str(person.session.headers["Authorization"]).removeprefix("Bearer "),
        "HOOKS": str(CONFORMING / "hooks.py"),
        "SOLD": json.dumps([each["sku"] for each in system.products() if each["is_active"]]),
        "STRANGER": Person.join(system.url).id,
        "CREDENTIALS": json.dumps({"username": friend.username, "password": PASSWORD}),
        "REFRESH_TOKENS": json.dumps([friend.refresh_token]),
        "ANSWERS": str(answers),
    }
    config = str(CONFORMING / "schemathesis.toml")
    command = [str(SCHEMATHESIS), "--config-file", config, "run", f"{system.url}/openapi.json", "--no-color"]
    run = subprocess.run(
        [*command, "--max-examples", str(EXAMPLES)], cwd=folder, env=environment, capture_output=True, text=True
    )
    return run, {tuple(line.split()) for line in answers.read_text().splitlines()}


def read_document(system: System) -> Any:
    return requests.get(f"{system.url}/openapi.json", timeout=30).json()
