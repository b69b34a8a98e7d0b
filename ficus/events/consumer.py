"""
Declares what an app does about events, its own and others'. Applying them is the inbox's business.

    consumer = Consumer("orders")

    @consumer.handles(CreditReserved)
    def confirm_order_when_credit_reserved(event: CreditReserved, received: Received) -> None:
        ...

An app keeps its consumer in ``handlers.py``, which its ``AppConfig.ready()`` imports.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from ficus.events.recorded import Recorded
from ficus.events.schema import Event

# What a handler is told about an event is what its producer recorded.
Received: TypeAlias = Recorded
Handler = Callable[[Any, Received], None]
Together = Callable[[Sequence[tuple[Any, Received]]], None]
E = TypeVar("E", bound=Event)

_consumers: dict[str, "Consumer"] = {}


class Consumer:
    """
    A follower of logs, with a cursor of its own in each.

    A handler runs inside the transaction that moves the cursor, with ``ficus.context`` telling who caused the event.
    It raises to have the event tried again later, and then the events behind it on the same aggregate wait.
    Whatever it does must stay right when an event comes again: a business key guards each effect.

    :ivar name: unique in the process, and known to the producers that push to it. What is pushed to ``orders`` reaches
        ``orders.customers`` too, if that follows the log it comes from.
    :ivar together: by type of event, what takes many of them at once, if anything does.
    :ivar locker: what :meth:`locks` declares, if anything.
    """

    def __init__(self, name: str) -> None:
        if name in _consumers:
            raise ValueError(f"consumer {name} is declared twice")
        self.name = name
        self.handlers: dict[str, dict[int, Handler]] = {}
        self.together: dict[str, Together] = {}
        self.locker: Together | None = None
        _consumers[name] = self

    def handles(self, event: type[E]) -> Callable[[Callable[[E, Received], None]], Callable[[E, Received], None]]:
        """
        Have the decorated function called with each event of this class.

        :raises ValueError: if another function handles it already.
        """

        def register(handler: Callable[[E, Received], None]) -> Callable[[E, Received], None]:
            self._register(event, cast(Handler, handler), None)
            return handler

        return register

    def handles_together(self, *events: type[Event]) -> Callable[[Together], Together]:
        """
        Have the decorated function called with events of these classes, many at once, in the order of the log.

        Each call gets consecutive events, at most ``inbox.TOGETHER``. What it announces names the one that caused it:
        ``log.Fact(..., caused_by=received.id)``. It does all or raises; then each event comes alone, in a list of one.

        :raises ValueError: if another function handles one of them already, in whatever version.
        """

        def register(handler: Together) -> Together:
            for event in events:
                self._register(event, lambda fact, received: handler([(fact, received)]), handler)
            return handler

        return register

    def locks(self, locker: Together) -> Together:
        """
        Have the decorated function called first in a transaction, with all the events that it may apply.

        It locks, always in one order, the rows that events about different aggregates change. Only a consumer that
        follows in several parts needs it: there transactions run beside each other, and would wait for one another.
        """
        self.locker = locker
        return locker

    def _register(self, event: type[Event], handler: Handler, together: Together | None) -> None:
        versions = self.handlers.setdefault(event.TYPE, {})
        if event.VERSION in versions:
            raise ValueError(f"{self.name} handles {event.TYPE} version {event.VERSION} twice")
        if versions and self.together.get(event.TYPE) is not together:
            raise ValueError(f"{self.name} handles {event.TYPE} alone in one version and together in another")
        versions[event.VERSION] = handler
        if together is not None:
            self.together[event.TYPE] = together


def consumers() -> dict[str, Consumer]:
    """Return every consumer declared in this process by name."""
    return dict(_consumers)
