"""What a client's connection asks of whatever answers its present request."""

from typing import Protocol


class Answering(Protocol):
    """What is under way for the present request: an exchange with a service, or Django's answer."""

    @property
    def has_begun(self) -> bool:
        """Whether the client has been told a status."""

    def begin(self) -> None: ...

    def body_arrived(self, data: bytes) -> None: ...

    def body_ended(self) -> None: ...

    def flush_onward(self) -> None: ...

    def drain(self) -> None:
        """Come to an end, if there is none in sight, since the worker stops."""

    def client_left(self) -> None: ...

    def client_is_slow(self) -> None: ...

    def client_caught_up(self) -> None: ...
