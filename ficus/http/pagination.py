"""
Pages by key, not by number: a page goes on after the last row that was seen.

Rows that come or go meanwhile neither repeat nor hide another, and the last page costs what the first costs.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import Field, Model, Q, QuerySet
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
LONGEST_CURSOR = 1000


@dataclass(frozen=True, slots=True)
class Cursor:
    """
    A place between two rows.

    :ivar backwards: whether the page lies before the place rather than after it.
    :ivar values: the ordering fields of the row at the place, as text.
    """

    backwards: bool
    values: tuple[str, ...]

    def encode(self) -> str:
        text = json.dumps(["<" if self.backwards else ">", *self.values], separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """:raises ValueError: if ``text`` is no cursor."""
        if len(text) > LONGEST_CURSOR or not text.isascii():
            raise ValueError("not a cursor")
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        match json.loads(raw.decode()):
            case ["<" | ">" as direction, *values] if all(isinstance(value, str) for value in values):
                return cls(backwards=direction == "<", values=tuple(values))
        raise ValueError("not a cursor")


class Ordering:
    """
    A total order of a model's rows by fields that are never null.

    :param names: as for ``order_by``; the primary key is added in the last one's direction if it is not there.
    """

    def __init__(self, model: type[Model], names: Sequence[str]) -> None:
        names = list(names)
        key = model._meta.pk.name
        if key not in [name.lstrip("-") for name in names] and "pk" not in [name.lstrip("-") for name in names]:
            names.append(f"-{key}" if names and names[-1].startswith("-") else key)
        self.fields = [_field(model, name.lstrip("-")) for name in names]
        self.descending = [name.startswith("-") for name in names]

    def names(self, *, backwards: bool) -> list[str]:
        return [
            f"-{field.attname}" if descending != backwards else field.attname
            for field, descending in zip(self.fields, self.descending, strict=True)
        ]

    def values_of(self, row: Model) -> tuple[str, ...]:
        return tuple(field.value_to_string(row) for field in self.fields)

    def beyond(self, cursor: Cursor) -> Q:
        """
        Return the condition that a row lies beyond the cursor in its direction.

        For (a, b) after (x, y): ``a >= x and (a > x or (a = x and b > y))``; the first part lets an index be used.

        :raises ValueError: if the cursor does not hold values of these fields.
        """
        values = self._read(cursor.values)
        beyond = Q()
        for (field, descending), value in reversed(
            list(zip(zip(self.fields, self.descending, strict=True), values, strict=True))
        ):
            sign = "lt" if descending != cursor.backwards else "gt"
            further = Q(**{f"{field.attname}__{sign}": value})
            if beyond:
                beyond = Q(**{f"{field.attname}__{sign}e": value}) & (further | (Q(**{field.attname: value}) & beyond))
            else:
                beyond = further
        return beyond

    def _read(self, texts: tuple[str, ...]) -> list[Any]:
        if len(texts) != len(self.fields) or any("\x00" in text for text in texts):
            raise ValueError("not a cursor of this list")
        return [_read_value(field, text) for field, text in zip(self.fields, texts, strict=True)]


def _read_value(field: "Field[Any, Any]", text: str) -> Any:
    value = field.to_python(text)
    if not isinstance(value, datetime):
        return value
    if timezone.is_naive(value):
        raise ValueError("an instant without a time zone")
    return value.astimezone(UTC)


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    """:raises TypeError: if ``name`` is no column of the model's own."""
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{model.__name__}.{name} cannot order a list")
    return field


class KeysetPagination(BasePagination):
    """
    Answers ``{"next", "previous", "results"}``; ``?limit=`` up to 100, ``?cursor=`` as found in a link.

    A view says its order in ``ordering``, such as ``("-placed_at", "-id")``; without it, the newest key comes first.
    """

    template = "rest_framework/pagination/previous_and_next.html"
    default_ordering = ("-pk",)

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """:raises ValidationError: if ``limit`` or ``cursor`` is not acceptable."""
        self.url = request.build_absolute_uri()
        limit = read_limit(request)
        ordering = Ordering(queryset.model, getattr(view, "ordering", None) or self.default_ordering)
        cursor = self._cursor(request)
        rows = self._rows(queryset, ordering, cursor, limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        backwards = cursor is not None and cursor.backwards
        if backwards:
            rows.reverse()
        self._link(rows, ordering, after=more or backwards, before=more if backwards else cursor is not None)
        self.display_page_controls = bool(self.next_url or self.previous_url)
        return rows

    @staticmethod
    def _cursor(request: Request) -> Cursor | None:
        text = request.query_params.get("cursor")
        if not text:
            return None
        try:
            return Cursor.decode(text)
        except (ValueError, RecursionError, binascii.Error):
            raise ValidationError({"cursor": ["Invalid cursor."]}) from None

    @staticmethod
    def _rows(queryset: QuerySet[Any], ordering: Ordering, cursor: Cursor | None, limit: int) -> list[Any]:
        if cursor is None:
            return list(queryset.order_by(*ordering.names(backwards=False))[:limit])
        try:
            beyond = ordering.beyond(cursor)
        except (ValueError, TypeError, OverflowError, InvalidValue):
            raise ValidationError({"cursor": ["Invalid cursor."]}) from None
        return list(queryset.filter(beyond).order_by(*ordering.names(backwards=cursor.backwards))[:limit])

    def _link(self, rows: list[Any], ordering: Ordering, *, after: bool, before: bool) -> None:
        self.next_url = self._url(ordering, rows[-1], backwards=False) if rows and after else None
        self.previous_url = self._url(ordering, rows[0], backwards=True) if rows and before else None

    def _url(self, ordering: Ordering, row: Any, *, backwards: bool) -> str:
        cursor = Cursor(backwards=backwards, values=ordering.values_of(row)).encode()
        return str(replace_query_param(self.url, "cursor", cursor))

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_url, "previous": self.previous_url, "results": data})

    def get_html_context(self) -> dict[str, Any]:
        return {"previous_url": self.previous_url, "next_url": self.next_url}

    def to_html(self) -> Any:
        from django.template import loader

        return loader.get_template(self.template).render(self.get_html_context())

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit, "description": "Rows per page."},
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "schema": {"type": "string", "maxLength": LONGEST_CURSOR, "pattern": "^[A-Za-z0-9_-]*$"},
                "description": "A place in the list, as found in `next` and `previous`.",
            },
        ]


def read_limit(request: Request) -> int:
    """:raises ValidationError: if ``?limit=`` is no whole number from 1 to 100."""
    text = request.query_params.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= LARGEST_LIMIT):
        raise ValidationError({"limit": [f"A whole number from 1 to {LARGEST_LIMIT}."]})
    return int(text)
