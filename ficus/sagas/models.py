"""One row per story: where it stands, what it waits for and until when, and what happened so far."""

from django.db import models
from django.db.models import Q


class SagaInstance(models.Model):
    """
    One run of a saga. The row is its timer too: at ``deadline_at`` the story ends without the answer it waits for.

    :ivar saga: name of the declaration.
    :ivar declaration: version of the declaration that the story began with, and ends with.
    :ivar key: id of the thing the story is about.
    :ivar awaits: the step whose answer may still come; empty when none is.
    :ivar attempts: how often the step that is awaited has been asked for.
    :ivar trouble: why the story could not be ended at its deadline; empty while nothing is wrong.
    :ivar timeline: what happened, oldest first, as ``timeline.moment`` writes it.
    :ivar version: one higher with each change; a change to an older version is refused.
    :ivar correlation_id: of the event that began the story, for what a deadline causes.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        REFUSED = "refused"
        LATE = "late"
        CANCELLED = "cancelled"
        ABORTED = "aborted"

    saga = models.CharField(max_length=100)
    declaration = models.PositiveSmallIntegerField(default=1, db_default=1)
    key = models.UUIDField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    awaits = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveIntegerField(default=1, db_default=1)
    trouble = models.CharField(max_length=500, blank=True, default="", db_default="")
    deadline_at = models.DateTimeField(null=True, blank=True)
    timeline = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    correlation_id = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["saga", "key"], name="ficus_sagas_sagainstance_unique"),
            models.CheckConstraint(
                name="ficus_sagas_sagainstance_ends_once",
                condition=Q(status="running", ended_at=None) | (~Q(status="running") & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["deadline_at"], condition=Q(status="running"), name="ficus_sagas_deadline"),
        ]
        permissions = [("operate_sagainstance", "Can retry and abort stories")]

    def __str__(self) -> str:
        return f"{self.saga} {self.key}: {self.status}"
