"""Who is signed in with a browser. The tokens stay here; a browser holds nothing but its session's cookie."""

from django.db import models


class SignIn(models.Model):
    """
    A browser's sign-in, from the password to the sign-out.

    ``session_key`` is that of Django's session. ``person_id`` names a user of the users service. The access token is
    replaced before it expires, by whoever holds the claim until ``claimed_until``: a refresh token works once.
    """

    session_key = models.CharField(max_length=40, unique=True, editable=False)
    person_id = models.UUIDField(null=True)
    username = models.CharField(max_length=150)
    access_token = models.TextField(editable=False)
    access_expires_at = models.DateTimeField()
    refresh_token = models.TextField(editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    signed_in_at = models.DateTimeField(db_index=True)

    class Meta:
        permissions = [("end_sign_in", "Can sign others out")]

    def __str__(self) -> str:
        return f"{self.username} since {self.signed_in_at:%Y-%m-%d %H:%M}"
