"""
How an event is declared, written and read. No Django here, so that contracts can be read by anything.

    @event("orders.order_placed", version=1, aggregate="order", key="order_id")
    class OrderPlaced(Event, frozen=True, kw_only=True):
        order_id: UUID
        total: int

What was written in an old version is lifted, one version at a time, to the newest, which alone has a class:

    @upcast("orders.order_placed", 1)
    def give_orders_a_currency(payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "currency": "EUR"}
"""

import copy
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec


class UnknownEvent(LookupError):
    """No contract known here declares this type in this version."""


class MalformedEvent(ValueError):
    """The payload does not have the fields that the contract declares."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """
    A fact that a service announces. Fields are JSON values, UUIDs, instants, or structs of these.

    Unknown fields are tolerated when reading, so a producer may add fields within a version.
    """

    TYPE: ClassVar[str]
    VERSION: ClassVar[int]
    AGGREGATE: ClassVar[str]
    KEY: ClassVar[str]

    @property
    def aggregate_id(self) -> UUID:
        """Return the id of the aggregate that this event is about; order is kept within an aggregate."""
        key: UUID = getattr(self, self.KEY)
        return key


E = TypeVar("E", bound=type[Event])
Lift = Callable[[dict[str, Any]], dict[str, Any]]
_declared: dict[tuple[str, int], type[Event]] = {}
_lifts: dict[tuple[str, int], Lift] = {}


def event(name: str, *, version: int, aggregate: str, key: str) -> Callable[[E], E]:
    """
    Declare the wire name, version and aggregate of an event class.

    :param name: ``<service>.<fact>``, in the past tense.
    :param aggregate: kind of the thing it is about; unique within the service.
    :param key: field that holds the aggregate's id.
    :raises ValueError: if the name and version are taken.
    """

    def declare(cls: E) -> E:
        cls.TYPE, cls.VERSION, cls.AGGREGATE, cls.KEY = name, version, aggregate, key
        if _declared.setdefault((name, version), cls) is not cls:
            raise ValueError(f"{name} version {version} is declared twice")
        return cls

    return declare


def upcast(name: str, version: int) -> Callable[[Lift], Lift]:
    """
    Declare that the function makes a payload of the version after this one from one of this version.

    It gets a copy that it may change, knows the payload alone, and stays for as long as any log holds that version.

    :raises ValueError: if that version is lifted already.
    """

    def declare(lift: Lift) -> Lift:
        if _lifts.setdefault((name, version), lift) is not lift:
            raise ValueError(f"{name} version {version} is lifted twice")
        return lift

    return declare


def encode(fact: Event) -> dict[str, Any]:
    """Return the event's payload as JSON values: UUIDs and instants become strings (RFC 4122, RFC 3339)."""
    payload: dict[str, Any] = msgspec.to_builtins(fact)
    return payload


def decode(name: str, version: int, payload: dict[str, Any]) -> Event:
    """
    Return the event that a payload describes, in the newest version that its version can be lifted to.

    :raises UnknownEvent: if no contract declares this name in this version, or lifts it to one that is declared.
    :raises MalformedEvent: if a declared field is missing or of another type.
    """
    newest, lifted = version, payload
    try:
        while lift := _lifts.get((name, newest)):
            newest, lifted = newest + 1, lift(copy.deepcopy(lifted))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise MalformedEvent(f"{name} version {newest} cannot be lifted: {error!r}") from error
    try:
        cls = _declared[name, newest]
    except KeyError:
        raise UnknownEvent(f"{name} version {newest}") from None
    try:
        return msgspec.convert(lifted, cls)
    except msgspec.ValidationError as error:
        raise MalformedEvent(f"{name} version {newest}: {error}") from None


def declared() -> dict[tuple[str, int], type[Event]]:
    """Return every event class known to this process by name and version."""
    return dict(_declared)


def upcasts() -> set[tuple[str, int]]:
    """Return the old versions that can be lifted, by name and version."""
    return set(_lifts)
