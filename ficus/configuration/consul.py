"""Documents in Consul's KV, by its agent: compare-and-set by index, and blocking queries for those who watch."""

from base64 import b64decode
from collections.abc import Iterator
from threading import Event
from typing import Any
from urllib.parse import quote

import requests

from ficus.configuration.store import ANSWER_SECONDS, POLL_SECONDS, BadStore, StoreAway
from ficus.consul import Agent, AgentAway

NONE = 404
# Consul adds up to a sixteenth to the wait, so that not all come at once.
LONGEST_SECONDS = POLL_SECONDS * 1.1 + ANSWER_SECONDS


class ConsulStore:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    @classmethod
    def at(cls, url: str) -> "ConsulStore":
        """
        Return the store behind an agent, ``consul://:TOKEN@127.0.0.1:8500``.

        :raises BadStore: if there is no agent's address in it.
        """
        try:
            return cls(Agent.read(url))
        except ValueError as error:
            raise BadStore(f"{error}") from None

    def read(self, name: str) -> bytes | None:
        return self._look(name)[0]

    def replace(self, name: str, before: bytes | None, after: bytes) -> bool:
        present, modified, _ = self._look(name)
        if present != before:
            return False
        # 0 wants it not to be there yet.
        answer = self._send("PUT", name, data=after, params={"cas": modified})
        return bool(answer.json())

    def watch(self, name: str, stopped: Event) -> Iterator[bytes | None]:
        with requests.Session() as session:
            index = 0
            while not stopped.is_set():
                waiting: dict[str, Any] = {"index": index, "wait": f"{POLL_SECONDS:g}s"} if index else {}
                present, _, told = self._look(name, session=session, seconds=LONGEST_SECONDS, params=waiting)
                # An index that goes back, as after a restart, is begun again from 0; the documentation says so.
                index = told if told >= index else 0
                yield present

    def _look(self, name: str, **options: Any) -> tuple[bytes | None, int, int]:
        """Return the document, the index at which it was written, and that of what is told."""
        answer = self._send("GET", name, allow=(NONE,), **options)
        try:
            index = int(answer.headers["X-Consul-Index"])
            if answer.status_code == NONE:
                return None, 0, index
            [entry] = answer.json()
            return b64decode(entry["Value"] or ""), int(entry["ModifyIndex"]), index
        except (ValueError, LookupError, TypeError) as error:
            raise StoreAway(f"Consul's answer makes no sense: {error!r}") from None

    def _send(self, method: str, name: str, **options: Any) -> requests.Response:
        try:
            return self._agent.send(method, f"/kv/ficus/configuration/{quote(name, safe='')}", **options)
        except AgentAway as error:
            raise StoreAway(str(error)) from error
