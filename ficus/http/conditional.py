"""Answers that a client which has them already need not be sent again (RFC 9110, section 13)."""

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response


def answer_unless_known(request: HttpRequest, body: bytes, *, media_type: str) -> HttpResponseBase:
    """Return ``body`` with its ``ETag``, or 304 if that is what the client has."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type=media_type, headers={"ETag": etag, "Cache-Control": "no-cache"})
    known = get_conditional_response(request, etag=etag, response=response)
    return response if known is None else known
