"""Keeps what a mirror needs of a request and its answer, in bounded memory, while the client is answered."""

from typing import TYPE_CHECKING

from gateway.data.mirroring.comparison import Answer
from gateway.data.mirroring.mirrors import Outcome

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request
    from gateway.data.policies.mirror import Mirror


class Copy:
    """A watcher that hands its request to the mirrors once the client has been answered."""

    __slots__ = ("_answer", "_answer_bytes", "_asked", "_asked_bytes", "_headers", "_status", "terms")

    def __init__(self, terms: "Mirror") -> None:
        self.terms = terms
        self._asked: list[bytes] = []
        self._answer: list[bytes] = []
        self._asked_bytes = self._answer_bytes = self._status = 0
        self._headers: list[Field] = []

    def asked(self, data: bytes) -> None:
        self._asked_bytes += len(data)
        if self._asked_bytes <= self.terms.body_limit:
            self._asked.append(data)
        else:
            self._asked.clear()

    def answer_began(self, status: int, headers: "list[Field]") -> None:
        self._status = status
        self._headers = headers

    def answered(self, data: bytes) -> None:
        self._answer_bytes += len(data)
        if self._answer_bytes <= self.terms.body_limit:
            self._answer.append(data)
        else:
            self._answer.clear()

    def answer_ended(self, request: "Request") -> None:
        mirrors = request.gateway.mirrors
        if self._asked_bytes > self.terms.body_limit:
            mirrors.count(request.route.name, self.terms.to, Outcome.TOO_LARGE)
        else:
            mirrors.send(request, self)

    def over(self) -> None: ...

    @property
    def body(self) -> bytes:
        return b"".join(self._asked)

    @property
    def answer(self) -> Answer:
        whole = self._answer_bytes <= self.terms.body_limit
        return Answer(self._status, self._headers, b"".join(self._answer) if whole else None)
