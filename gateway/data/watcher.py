"""Who looks on while a request is answered, such as a mirror. He can neither delay nor change it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request


class Watcher(Protocol):
    """Told by the exchange; a request that is refused or broken off never reaches ``answer_ended``."""

    def asked(self, data: bytes) -> None:
        """Look at a piece of the request's body."""

    def answer_began(self, status: int, headers: "list[Field]") -> None: ...

    def answered(self, data: bytes) -> None:
        """Look at a piece of the answer's body."""

    def answer_ended(self, request: "Request") -> None:
        """Everything has been handed to the client's connection."""

    def over(self) -> None:
        """The request has been recorded, however it ended; nothing comes any more."""
