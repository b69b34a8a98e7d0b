"""
A request sent twice has one effect and one answer (`semantics` section 7; IETF draft on Idempotency-Key).

The answer is kept in the transaction of the effect, so that there is never one without the other.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ficus import crash
from ficus.auth.rest import caller_of
from ficus.errors import Conflict, Invalid, Refused
from ficus.http.models import KeptAnswer
from ficus.http.problems import ProblemResponse, response_to

KEPT_FOR = timedelta(hours=24)
PURGE_AT_ONCE = 1000
KEY = re.compile(r"[\x21-\x7e]{1,255}")


class KeyMissing(Invalid):
    """The route asks for an ``Idempotency-Key`` and the request has none."""

    code, title = "idempotency_key_missing", "An Idempotency-Key is required"


class KeyMalformed(Invalid):
    code, title = "idempotency_key_malformed", "The Idempotency-Key must be 1 to 255 visible ASCII characters"


class KeyReused(Refused):
    """The key was used before, with another body."""

    code, title = "idempotency_key_reused", "The Idempotency-Key belongs to another request"


class StillRunning(Conflict):
    """The first request with this key has not been answered yet."""

    code, title = "request_in_progress", "The same request is still running"


def perform(
    request: Request,
    route: str,
    work: Callable[[], Response],
    *,
    before: Callable[[], None] | None = None,
    required: bool,
) -> Response:
    """
    Return the answer of ``work``, or the one kept for the same request, marked ``Idempotency-Replayed: true``.

    ``work`` runs in a transaction together with the keeping of its answer. What it returns is kept, and so is a
    business rule's refusal (:class:`Refused`), its own or one of ``before``: who was told that he is refused must not
    have it done after all by a copy of his request that was late. Whatever else they raise undoes all and is not kept.

    :param route: name of the operation; with the subject and the key it identifies the request.
    :param before: checks to make first, outside any transaction.
    :param required: whether a request without a key is refused.
    :raises KeyMissing: if there is no key and one is required.
    :raises KeyReused: if the key belongs to a request with another path or body.
    :raises StillRunning: if the first request with this key is not finished.
    """
    key = _read_key(request, required=required)
    if key is None:
        if before is not None:
            before()
        with transaction.atomic():
            return work()
    place = {"subject": caller_of(request).subject, "route": route, "key": key}
    fingerprint = _fingerprint(request)
    if (kept := _recall(place, fingerprint)) is not None:
        return kept
    refused = _check(before, request)
    with transaction.atomic():
        _claim(place)
        crash.point("idempotency.after_claim")
        response = _recall(place, fingerprint) or _keep(place, fingerprint, refused or _run(work, request))
        crash.point("idempotency.before_commit")
    crash.point("idempotency.after_commit")
    return response


def purge(*, at: datetime) -> int:
    """Delete the answers that need not be kept any longer ``at`` that instant, in small batches; return how many."""
    deleted = 0
    while True:
        expired = KeptAnswer.objects.filter(expires_at__lte=at).values("pk")[:PURGE_AT_ONCE]
        batch, _ = KeptAnswer.objects.filter(pk__in=[row["pk"] for row in expired]).delete()
        deleted += batch
        if batch < PURGE_AT_ONCE:
            return deleted


def _read_key(request: Request, *, required: bool) -> str | None:
    header: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if header is None:
        if required:
            raise KeyMissing
        return None
    header = header.strip()
    # The draft writes the key in quotes, most clients do not.
    key = header[1:-1] if len(header) > 2 and header[0] == header[-1] == '"' else header
    if not KEY.fullmatch(key):
        raise KeyMalformed
    return key


def _check(before: Callable[[], None] | None, request: Request) -> Response | None:
    """Return the answer to a request that the checks refuse, None if they let it through."""
    try:
        if before is not None:
            before()
    except Refused as refusal:
        return response_to(refusal, instance=request.path)
    return None


def _fingerprint(request: Request) -> str:
    """Return a hash of path and body; keyed, since a body may hold a password."""
    body = json.dumps([request.path.rstrip("/"), request.data], sort_keys=True, separators=(",", ":"))
    return salted_hmac("ficus.http.idempotency", body, algorithm="sha256").hexdigest()


def _recall(place: dict[str, str], fingerprint: str) -> Response | None:
    kept = KeptAnswer.objects.filter(**place, expires_at__gt=timezone.now()).first()
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        raise KeyReused
    kind = Response if kept.status < 400 else ProblemResponse
    headers = {**kept.headers, "Idempotency-Replayed": "true"}
    return kind(json.loads(kept.body), status=kept.status, headers=headers)


def _claim(place: dict[str, str]) -> None:
    """
    Take the key for this transaction, or raise :class:`StillRunning`.

    SQLite needs nothing: its transactions begin IMMEDIATE, one at a time.
    """
    if connection.vendor != "postgresql":
        return
    digest = hashlib.sha256("\x00".join(place.values()).encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        if not cursor.fetchone()[0]:
            raise StillRunning


def _run(work: Callable[[], Response], request: Request) -> Response:
    try:
        with transaction.atomic():
            return work()
    except Refused as refusal:
        return response_to(refusal, instance=request.path)


def _keep(place: dict[str, Any], fingerprint: str, response: Response) -> Response:
    crash.point("idempotency.before_keep")
    now = timezone.now()
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    answer: dict[str, Any] = {
        "fingerprint": fingerprint,
        "status": response.status_code,
        "headers": headers,
        "body": JSONRenderer().render(response.data).decode() or "null",
        "kept_at": now,
        "expires_at": now + KEPT_FOR,
    }
    # An expired answer to the same key may still be there.
    KeptAnswer.objects.update_or_create(defaults=answer, **place)
    return response
