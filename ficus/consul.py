"""An agent of Consul, asked over its HTTP API."""

from typing import Any
from urllib.parse import urlsplit

import requests

ANSWER_SECONDS = 1.0


class AgentAway(Exception):
    """The agent does not answer, or refuses."""


class Agent:
    """May be asked from any thread. Each call blocks it for ``ANSWER_SECONDS`` at most, unless it may wait longer."""

    def __init__(self, url: str, token: str = "") -> None:
        """
        :param url: such as ``http://127.0.0.1:8500``.
        :param token: of its access control, where there is one.
        """
        self.headers = {"X-Consul-Token": token} if token else {}
        self._url = f"{url}/v1"

    @classmethod
    def read(cls, url: str) -> "Agent":
        """
        Return the agent of ``consul://127.0.0.1:8500``, with a token as ``consul://:TOKEN@127.0.0.1:8500``.

        :raises ValueError: if there is no agent's address in it.
        """
        place = urlsplit(url)
        host, port = place.hostname, place.port or 8500
        if not host:
            raise ValueError("consul: wants the address of an agent, such as consul://127.0.0.1:8500")
        return cls(f"http://{f'[{host}]' if ':' in host else host}:{port}", place.password or "")

    def send(
        self,
        method: str,
        path: str,
        *,
        session: requests.Session | None = None,
        seconds: float = ANSWER_SECONDS,
        allow: tuple[int, ...] = (),
        **options: Any,
    ) -> requests.Response:
        """
        Return the answer.

        :param allow: statuses that are no failure besides those below 400.
        :raises AgentAway: if there is none within ``seconds``, or it is another failure.
        """
        send = session.request if session else requests.request
        try:
            answer = send(method, self._url + path, headers=self.headers, timeout=(ANSWER_SECONDS, seconds), **options)
        except requests.RequestException as error:
            raise AgentAway(f"Consul: {error}") from error
        if not answer.ok and answer.status_code not in allow:
            raise AgentAway(f"Consul answers {answer.status_code}: {answer.text[:200].strip()}")
        return answer
