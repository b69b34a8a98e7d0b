"""The tables of the event log: what was announced, how far each consumer is, what could not be applied."""

from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7


class LogEntry(models.Model):
    """
    One event of this service, written in the transaction that made it true. Never changed, and deleted only once it
    stands in an :class:`Archive`.

    ``number`` is the order of insertion. ``position`` is the order of commits, which readers follow: PostgreSQL may
    commit a lower number later, so there the relay assigns it; SQLite has one writer at a time, so it is set at once.
    """

    number = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField(null=True, unique=True)
    id = models.UUIDField(unique=True, default=uuid7)
    type = models.CharField(max_length=100)
    schema_version = models.PositiveSmallIntegerField()
    aggregate_type = models.CharField(max_length=50)
    aggregate_id = models.UUIDField()
    aggregate_version = models.PositiveBigIntegerField()
    payload = models.JSONField()
    metadata = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "log entries"
        constraints = [
            models.UniqueConstraint(
                fields=["aggregate_type", "aggregate_id", "aggregate_version"],
                name="ficus_events_logentry_aggregate_version_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["number"], condition=Q(position=None), name="ficus_events_unsequenced"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.aggregate_type} {self.aggregate_id} v{self.aggregate_version}"


class Archive(models.Model):
    """
    A file with consecutive entries of the log, which are no longer in its table. The file is never changed.

    :ivar path: below ``EVENTS["ARCHIVE"]``, or absolute.
    :ivar size: of the file, in bytes.
    :ivar blocks: ``[first position, offset in the file]`` of each part that can be read by itself.
    :ivar archived_at: None while its aggregates are being listed; until then no entry has left the table.
    """

    first = models.BigIntegerField(unique=True)
    last = models.BigIntegerField(unique=True)
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    blocks = models.JSONField()
    recorded_from = models.DateTimeField()
    recorded_until = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="ficus_events_archive_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.path} ({self.first} to {self.last})"

    @property
    def events(self) -> int:
        return self.last - self.first + 1


class ArchivedAggregate(models.Model):
    """
    Where in an archive the events of one aggregate are. No later event may have one of these versions again.

    :ivar blocks: which blocks of the file, by number from 0.
    """

    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="aggregates")
    aggregate_type = models.CharField(max_length=50)
    aggregate_id = models.UUIDField()
    first_version = models.PositiveBigIntegerField()
    last_version = models.PositiveBigIntegerField()
    blocks = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["aggregate_type", "aggregate_id", "archive"], name="ficus_events_archivedaggregate_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.aggregate_type} {self.aggregate_id} v{self.first_version} to v{self.last_version}"


class Follower(models.Model):
    """
    How far a consumer in another database has followed this log, as it says itself.

    :ivar position: everything up to here is applied or parked there.
    :ivar parked: position of the first event that is parked there; None if none is.
    """

    consumer = models.CharField(max_length=50, unique=True)
    position = models.BigIntegerField()
    parked = models.BigIntegerField(null=True)
    heard_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.consumer} at {self.position}"


class Cursor(models.Model):
    """
    How far a consumer has followed a log. Its row is locked first in each transaction that applies events.

    :ivar position: everything of its partition up to here is applied or parked.
    :ivar partition: 0 unless several workers share one source; one of so many ``partitions``.
    :ivar passed: what was seen beyond the position when the number of partitions was another: for each such number a
        list of how far each of those partitions had come.
    :ivar pulled_since: since when it is moved by pull alone; None when a push has moved it last.
    :ivar ahead: up to where recent events were looked at out of turn, while the position is far behind; else None.
    """

    consumer = models.CharField(max_length=50)
    source = models.CharField(max_length=50)
    partition = models.PositiveSmallIntegerField(default=0)
    partitions = models.PositiveSmallIntegerField(default=1, db_default=1)
    position = models.BigIntegerField(default=0)
    passed = models.JSONField(default=list, db_default=[], blank=True)
    ahead = models.BigIntegerField(null=True, blank=True)
    moved_at = models.DateTimeField(auto_now=True)
    pulled_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consumer", "source", "partition"], name="ficus_events_cursor_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} at {self.source}:{self.position}"


class AppliedAhead(models.Model):
    """An event that a consumer applied out of turn; gone when its cursor has come there and passed over it."""

    consumer = models.CharField(max_length=50)
    source = models.CharField(max_length=50)
    position = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "applied ahead"
        constraints = [
            models.UniqueConstraint(fields=["consumer", "source", "position"], name="ficus_events_appliedahead_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} ahead at {self.source}:{self.position}"


class ParkedEvent(models.Model):
    """
    An event that a consumer could not apply, kept whole until it is applied or dropped.

    The events behind it on the same aggregate are parked too, with no attempts; all others go on.

    :ivar retry_at: when it is tried next; None when its budget is spent, or while it waits behind another.
    :ivar reason: the failure in one line; ``trace`` tells the whole of it.
    :ivar error: the reason without what differs from event to event; events are grouped by it. Empty while it waits.
    """

    consumer = models.CharField(max_length=50)
    source = models.CharField(max_length=50)
    position = models.BigIntegerField()
    event_id = models.UUIDField()
    type = models.CharField(max_length=100)
    aggregate_type = models.CharField(max_length=50)
    aggregate_id = models.UUIDField()
    recorded = models.JSONField(help_text="The event as received, to be applied later.")
    attempts = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=500)
    error = models.CharField(max_length=500, blank=True, default="", db_default="")
    trace = models.TextField(blank=True)
    parked_at = models.DateTimeField()
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consumer", "source", "position"], name="ficus_events_parkedevent_unique"),
        ]
        indexes = [
            models.Index(fields=["retry_at"], condition=Q(retry_at__isnull=False), name="ficus_events_retry"),
        ]
        permissions = [("operate_parkedevent", "Can send again and drop parked events")]

    def __str__(self) -> str:
        return f"{self.consumer}: {self.type} at {self.source}:{self.position}"


class ParkedDecision(models.Model):
    """
    What somebody did about a parked event, and why. Never changed, never deleted.

    :ivar by: who: a person's name and id, or the user of the machine at the command line.
    :ivar recorded: the event as it was parked, so that what was dropped or replaced can still be read.
    :ivar edited: the payload that took the place of the recorded one, with its version; None unless edited.
    """

    class Action(models.TextChoices):
        SENT_AGAIN = "sent again"
        EDITED = "edited and sent again"
        DROPPED = "dropped"

    action = models.CharField(max_length=30, choices=Action.choices)
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    consumer = models.CharField(max_length=50)
    source = models.CharField(max_length=50)
    position = models.BigIntegerField()
    event_id = models.UUIDField()
    type = models.CharField(max_length=100)
    aggregate_type = models.CharField(max_length=50)
    aggregate_id = models.UUIDField()
    error = models.CharField(max_length=500, blank=True, help_text="Why it was parked.")
    attempts = models.PositiveIntegerField()
    recorded = models.JSONField()
    edited = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["event_id"], name="ficus_events_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer}: {self.type} at {self.source}:{self.position} {self.action} by {self.by}"


class RefusedMessage(models.Model):
    """
    How often a message was refused as a whole, before any of its events was looked at.

    :ivar source: what it said it came from.
    :ivar reason: why it was refused; the same words for each of a kind.
    :ivar last: the beginning of the last one, as it came.
    """

    consumer = models.CharField(max_length=50)
    source = models.CharField(max_length=50)
    reason = models.CharField(max_length=200)
    count = models.PositiveBigIntegerField(default=0)
    last = models.TextField(blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consumer", "source", "reason"], name="ficus_events_refusedmessage_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} refused {self.count} of {self.source}: {self.reason}"
