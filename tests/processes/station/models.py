from django.db import models


class Heard(models.Model):
    """One call of the handler that was committed. Nothing here is unique, so that what is doubled shows."""

    bell = models.UUIDField()
    version = models.PositiveIntegerField()
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.bell} v{self.version} at {self.position}"
