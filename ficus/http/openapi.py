"""
A service's OpenAPI document, and the parameters and headers that several operations share.

An app serves its own part of it with ``endpoint("orders/openapi.json", document("apps.orders.urls"), name=...)``.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_serializer

from ficus.http.conditional import answer_unless_known
from ficus.http.preferences import LONGEST_WAIT_SECONDS

T = TypeVar("T")

PREFER_WAIT = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description=f"`wait=N` waits up to N seconds, at most {LONGEST_WAIT_SECONDS}, for the outcome (RFC 7240).",
)
PREFERENCE_APPLIED = OpenApiParameter(
    "Preference-Applied",
    {"type": "string", "pattern": "^wait=[0-9]+$"},
    OpenApiParameter.HEADER,
    response=[201],
    description="How long the answer would have waited, if that was wanted.",
)
LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri-reference"},
    OpenApiParameter.HEADER,
    required=True,
    response=[201],
    description="Where it is from now on.",
)
REPLAYED = {"type": "string", "enum": ["true"]}


def example(value: Any) -> Callable[[type[T]], type[T]]:
    """Return the decorator that gives a command, which is a serializer, an example of it as it is sent."""
    shown = OpenApiExample("Example", value=value, request_only=True)
    decorate: Callable[[type[T]], type[T]] = extend_schema_serializer(examples=[shown])
    return decorate


def idempotency_key(*, required: bool, replayed: Sequence[int] = (201,)) -> list[OpenApiParameter]:
    """
    Return the declarations of the key and of the mark on an answer given again, for ``extend_schema(parameters=...)``.

    :param replayed: statuses of the answers that are kept.
    """
    key = OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
        OpenApiParameter.HEADER,
        required=required,
        description="The same key with the same body has one effect and gets the first answer again, for 24 hours.",
    )
    mark = OpenApiParameter(
        "Idempotency-Replayed",
        REPLAYED,
        OpenApiParameter.HEADER,
        response=list(replayed),
        description="Present on an answer that was kept from the first request with this key.",
    )
    return [key, mark]


def document(urlconf: str) -> Callable[[HttpRequest], HttpResponseBase]:
    """
    Return a view for anybody that answers with the OpenAPI document of the paths in ``urlconf``.

    It is made once in a process, when it is first asked for.
    """

    @csrf_exempt
    @require_safe
    def openapi(request: HttpRequest) -> HttpResponseBase:
        return answer_unless_known(request, _written(urlconf), media_type="application/json")

    return openapi


@cache
def _written(urlconf: str) -> bytes:
    generator = SchemaGenerator(urlconf=urlconf)  # type: ignore[no-untyped-call]
    schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"), default=str).encode()
