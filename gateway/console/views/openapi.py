"""One OpenAPI document of all services, made from theirs as they are now, and a page to try it."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from ficus.auth.staff import principal_of
from ficus.http.conditional import answer_unless_known
from gateway.console.composing.described import Described, ask_service
from gateway.console.composing.document import merged
from gateway.console.composing.names import Document
from gateway.console.composing.own_document import INTRODUCTION, own_document
from gateway.data import runtime
from gateway.data.routing.table import Table

# Swagger UI writes style attributes, and draws with images of its own.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_described = Described(ask_service)


@csrf_exempt
@require_safe
async def openapi(request: HttpRequest) -> HttpResponseBase:
    gateway = runtime.current()
    documents = await _described.documents({route.service for route in gateway.table.routes} & set(gateway.upstreams))
    body = _written(tuple(map(_Same, documents.items())), tuple(_described.away.items()), gateway.table)
    return answer_unless_known(request, body, media_type="application/json")


class _Same:
    """A service's document, the same as another only if it is that very object: they are large, and never changed."""

    def __init__(self, item: tuple[str, Document]) -> None:
        self.service, self.document = item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.document is self.document and other.service == self.service

    def __hash__(self) -> int:
        return hash(self.service)


@lru_cache(maxsize=2)
def _written(parts: tuple[_Same, ...], away: tuple[tuple[str, datetime | None], ...], table: Table) -> bytes:
    document = merged(
        {part.service: part.document for part in parts},
        own_document(),
        table,
        info=_info(dict(away)),
        url=settings.PUBLIC_URL,
    )
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _info(away: Mapping[str, datetime | None]) -> dict[str, Any]:
    info: dict[str, Any] = {"title": "Ficus", "version": settings.VERSION, "description": INTRODUCTION}
    if away:
        info["description"] += "".join(f"\n\n**{_note(name, since)}**" for name, since in sorted(away.items()))
        info["x-away"] = sorted(away)
    return info


def _note(service: str, since: datetime | None) -> str:
    if since is None:
        return f"The {service} service does not describe itself at present; its part is missing."
    return f"The {service} service does not answer; its part is as of {since:%Y-%m-%dT%H:%M:%SZ}."


@csrf_exempt
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the document on a page that loads nothing from elsewhere; who is signed in there tries calls as himself."""
    context = {"person": principal_of(request), "client": settings.TOKENS["DOCUMENTATION"]}
    return _page(request, "console/docs.html", context)


@csrf_exempt
@require_safe
def signed_in(request: HttpRequest) -> HttpResponse:
    """Tell the documentation, in the window that has opened this one, what the authorization server has answered."""
    return _page(request, "console/signed_in.html", {})


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    response["Content-Security-Policy"] = DOCS_POLICY
    return response
