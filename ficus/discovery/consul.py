"""
A registry in Consul, by its agent's HTTP API.

An instance has a TTL check, which each renewal passes. Who watches asks by blocking queries, and is told of those that
pass alone. Consul takes out by itself what has been critical for a minute, the shortest time it knows.
"""

from collections.abc import Iterator
from datetime import datetime
from threading import Event, Lock
from typing import Any
from urllib.parse import quote

import requests

from ficus.consul import ANSWER_SECONDS, Agent, AgentAway
from ficus.discovery.instance import Instance, in_order
from ficus.discovery.registry import TTL_SECONDS, BadRegistry, RegistryAway

WAIT_SECONDS = 3
CRITICAL_FOR = "1m"
GONE, UNKNOWN_CHECK = 404, 500  # 1.8 says 500 of a check that it does not know, later ones 404


class ConsulRegistry:
    """
    :ivar ttl_seconds: of the check; Consul rounds nothing, and notices within a moment.
    """

    def __init__(self, agent: Agent, ttl_seconds: float = TTL_SECONDS) -> None:
        self.ttl_seconds = ttl_seconds
        self._agent = agent
        self._registered: dict[str, Instance] = {}
        self._lock = Lock()

    @classmethod
    def read(cls, url: str, ttl_seconds: float = TTL_SECONDS) -> "ConsulRegistry":
        """:raises BadRegistry: if there is no agent's address in it."""
        try:
            return cls(Agent.read(url), ttl_seconds)
        except ValueError as error:
            raise BadRegistry(f"{error}") from None

    def register(self, instance: Instance) -> None:
        with self._lock:
            # Taken out while it is asked, so that after any failure all is said anew: the agent may have forgotten it.
            before = self._registered.pop(_id(instance), None)
            if before != instance or not self._passes(instance):
                self._send("PUT", "/agent/service/register", json=self._entry(instance))
                # An agent that knows the check from before keeps its state, which may be critical.
                if not self._passes(instance):
                    raise RegistryAway("Consul does not know the check that it was given")
            self._registered[_id(instance)] = instance

    def deregister(self, instance: Instance) -> None:
        with self._lock:
            self._registered.pop(_id(instance), None)
            self._send("PUT", f"/agent/service/deregister/{quote(_id(instance), safe='')}", allow=(GONE,))

    def discover(self, service: str) -> tuple[Instance, ...]:
        with requests.Session() as session:
            return self._ask(session, service, index=0)[0]

    def watch(self, service: str, stopped: Event) -> Iterator[tuple[Instance, ...]]:
        with requests.Session() as session:
            index = 0
            while not stopped.is_set():
                found, told = self._ask(session, service, index)
                # An index that goes back, as after a restart, is begun again from 0; the documentation says so.
                index = told if told >= index else 0
                yield found

    def _passes(self, instance: Instance) -> bool:
        """Renew the check; say whether the agent knows it."""
        path = f"/agent/check/pass/{quote(f'service:{_id(instance)}', safe='')}"
        return self._send("PUT", path, allow=(GONE, UNKNOWN_CHECK)).ok

    def _ask(self, session: requests.Session, service: str, index: int) -> tuple[tuple[Instance, ...], int]:
        """Return the instances, once they are others than at ``index`` or time is up, and the index of what is told."""
        parameters: dict[str, str | int] = {"passing": 1}
        if index:
            parameters |= {"index": index, "wait": f"{WAIT_SECONDS}s"}
        path = f"/health/service/{quote(service, safe='')}"
        # Consul adds up to a sixteenth to the wait, so that not all come at once.
        answer = self._send(
            "GET", path, session=session, params=parameters, seconds=WAIT_SECONDS * 1.1 + ANSWER_SECONDS
        )
        try:
            return in_order([_read(service, each) for each in answer.json()]), int(answer.headers["X-Consul-Index"])
        except (ValueError, LookupError, TypeError) as error:
            raise RegistryAway(f"Consul's answer makes no sense: {error!r}") from None

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            return self._agent.send(method, path, **options)
        except AgentAway as error:
            raise RegistryAway(str(error)) from error

    def _entry(self, instance: Instance) -> dict[str, Any]:
        since = instance.since.isoformat() if instance.since else ""
        return {
            "ID": _id(instance),
            "Name": instance.service,
            "Address": instance.host,
            "Port": instance.port,
            "Meta": {"scheme": instance.scheme, "version": instance.version, "since": since},
            "Check": {
                "CheckID": f"service:{_id(instance)}",
                "TTL": f"{self.ttl_seconds}s",
                "Status": "passing",
                "DeregisterCriticalServiceAfter": CRITICAL_FOR,
            },
        }


def _id(instance: Instance) -> str:
    return f"{instance.service}-{instance.address}"


def _read(service: str, entry: dict[str, Any]) -> Instance:
    """Return the instance; somebody else may have registered it, and without its particulars."""
    told, meta = entry["Service"], entry["Service"].get("Meta") or {}
    since = datetime.fromisoformat(meta["since"]) if meta.get("since") else None
    return Instance(
        service,
        told["Address"] or entry["Node"]["Address"],
        int(told["Port"]),
        meta.get("scheme") or "http",
        meta.get("version") or "",
        since,
    )
