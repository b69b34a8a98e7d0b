"""Answers kept for requests that may be repeated. When one is kept and given again is the business of idempotency."""

from django.db import models


class KeptAnswer(models.Model):
    """
    The first answer to a request with an ``Idempotency-Key``, kept in the transaction of its effect.

    :ivar subject: who asked; empty for anybody.
    :ivar fingerprint: keyed hash of path and body, by which a repeat is told from a new request.
    """

    subject = models.CharField(max_length=255)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField()
    kept_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "ficus_http"
        constraints = [
            models.UniqueConstraint(fields=["subject", "route", "key"], name="ficus_http_kept_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
