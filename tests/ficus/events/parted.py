"""What tests of a log that is followed in parts need: its batches, and where each part's cursor stands."""

from django.utils import timezone

from ficus.events import inbox
from ficus.events.inbox import Batch
from ficus.events.models import Cursor
from ficus.events.partitions import parts
from tests.ficus.events.depot import consumer

NOW = timezone.now()


def configure(settings, number):
    settings.EVENTS = {**settings.EVENTS, "PARTITIONS": {"depot": number}}


def batches(events, of, previous=0):
    """Return what a relay would push of these events, to each part."""
    upto = events[-1].place()
    return [
        Batch("post", previous, [e for e in events if part.holds(e.aggregate_id)], part, upto) for part in parts(of)
    ]


def receive(*given):
    return [inbox.receive(consumer, batch, at=NOW) for batch in given]


def where():
    return list(Cursor.objects.order_by("partition").values_list("partition", "partitions", "position"))
