"""Who may know a better answer to a request than the one that comes."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.data.message.refusal import Refusal
    from gateway.data.message.request import Field


class StandIn(Protocol):
    """Asked by the exchange once a service's answer has begun, and by the client's connection before it refuses."""

    @property
    def wants_answer_now(self) -> bool:
        """Whether the service's answer is to be read even if the client is slow to take it; it is small then."""

    def instead_of_answer(self, status: int, fields: "list[Field]") -> "Refusal | None":
        """Return what the client gets when the service's answer has ended, or None for that answer."""

    def instead_of(self, refusal: "Refusal") -> "Refusal":
        """Return what the client gets instead, or ``refusal`` itself."""
