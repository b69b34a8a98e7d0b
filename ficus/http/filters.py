"""Filters of lists that take a value as the OpenAPI document describes it; an empty one is as good as none."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

from ficus.http.fields import HYPHENATED

YES_NO = {"true": True, "false": False}
# RFC 3339, section 5.6.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


class YesNoField(forms.Field):
    widget = forms.Select(choices=[("", "---------"), ("true", "Yes"), ("false", "No")])

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if str(value).lower() not in YES_NO:
            raise ValidationError("Either true or false.")
        return YES_NO[str(value).lower()]


class IdentifierField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text and not HYPHENATED.fullmatch(text):
            raise ValidationError("Not a UUID.")
        return UUID(text) if text else None


class InstantField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return _instant(text) if text else None


def _instant(text: str) -> datetime:
    try:
        instant = parse_datetime(text) if INSTANT.fullmatch(text) else None
    except ValueError:
        instant = None
    if instant is None:
        raise ValidationError("Not an instant with a time zone, such as 2026-01-31T12:00:00Z.")
    return instant


class YesNo(django_filters.BooleanFilter):  # type: ignore[misc] # published without types
    """``true`` or ``false``; where Django's own takes anything else for none."""

    field_class = YesNoField


class Identifier(django_filters.UUIDFilter):  # type: ignore[misc] # likewise
    """A UUID in its usual form (RFC 9562, section 4)."""

    field_class = IdentifierField


class Instant(django_filters.IsoDateTimeFilter):  # type: ignore[misc] # likewise
    """An instant by RFC 3339: with its time zone, never a date alone."""

    field_class = InstantField
