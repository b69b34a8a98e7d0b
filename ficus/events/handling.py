"""Calls a consumer's handlers, for one event or for many, in the context and the trace of whoever caused each."""

from collections.abc import Sequence
from dataclasses import replace

from ficus import context
from ficus.context import Context
from ficus.events.consumer import Consumer
from ficus.events.recorded import Recorded
from ficus.events.schema import Event, UnknownEvent
from ficus.telemetry import tracing


def handle(consumer: Consumer, received: Recorded) -> None:
    """
    Call the consumer's handler for one event, in the event's own context.

    :raises UnknownEvent: if the consumer handles the event, but not in this version nor in one it can be lifted to.
    :raises MalformedEvent: if the payload is not as declared.
    """
    event = _known(consumer, received)
    its = cause(received)
    with (
        context.entered(
            correlation_id=its.correlation_id,
            causation_id=its.causation_id,
            actor=its.actor,
            traceparent=its.traceparent,
        ),
        tracing.continued(its.traceparent, _work(consumer, received), event_id=its.causation_id),
    ):
        consumer.handlers[received.type][event.VERSION](event, received)


def handle_together(consumer: Consumer, run: Sequence[Recorded]) -> None:
    """
    Call the consumer's handler for many events of types that it takes together, each with its own context.

    :raises UnknownEvent: as :func:`handle` does, and then nothing is handled; so does whatever the handler raises.
    :raises MalformedEvent: likewise.
    """
    facts = [(_known(consumer, received), received) for received in run]
    works = [
        (received.metadata.get("traceparent", ""), _work(consumer, received), {"event_id": str(received.id)})
        for received in run
    ]
    with tracing.continued_together(works) as traceparents:
        causes = {
            received.id: replace(cause(received), traceparent=traceparent)
            for received, traceparent in zip(run, traceparents, strict=True)
        }
        with context.together(causes):
            consumer.together[run[0].type](facts)


def _known(consumer: Consumer, received: Recorded) -> Event:
    event = received.event()
    if event.VERSION not in consumer.handlers[received.type]:
        raise UnknownEvent(f"{consumer.name} does not handle {received.type} version {event.VERSION}")
    return event


def cause(received: Recorded) -> Context:
    """Return the context of what is done because of an event."""
    metadata = received.metadata
    return Context(
        correlation_id=metadata.get("correlation_id", ""),
        causation_id=str(received.id),
        actor=metadata.get("actor", ""),
        traceparent=metadata.get("traceparent", ""),
    )


def _work(consumer: Consumer, received: Recorded) -> str:
    return f"{consumer.name} receives {received.type}"
