"""Answers ``/livez`` and ``/readyz``. What is checked is in ``checks``."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


@csrf_exempt
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; nothing else is looked at."""
    from ficus.health.report import PASS, document

    return _answer(document(PASS))


@csrf_exempt
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """
    Say whether the process can work now: 200, or 503 when its database does not answer.

    A process that was told to stop has closed its port by then, which says the same.
    """
    # Not at the top: the checks take longer to import than the rest of a small service.
    from ficus.health.checks import advisory, critical
    from ficus.health.report import report

    return _answer(report(critical(), advisory()))


def _answer(document: dict[str, Any]) -> JsonResponse:
    return JsonResponse(
        document,
        status=503 if document["status"] == "fail" else 200,
        content_type="application/health+json",
        headers={"Cache-Control": "no-store"},
    )
