"""Answers ``/metrics``."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def read_metrics(request: HttpRequest) -> HttpResponse:
    """
    Answer what Prometheus reads.

    :raises Http404: for everybody whom ``settings.METRICS`` does not name.
    """
    # Not at the top: a process that nobody asks need not load it.
    from ficus.telemetry.metrics import exposition, may_read
    from ficus.telemetry.standing import standing

    options = settings.METRICS
    address = request.META.get("REMOTE_ADDR", "")
    if not may_read(request.headers, address, allowed=options["NETWORKS"], token=options["TOKEN"]):
        raise Http404
    body, media_type = exposition(request.headers.get("Accept", ""), standing)
    return HttpResponse(body, content_type=media_type, headers={"Cache-Control": "no-store"})
