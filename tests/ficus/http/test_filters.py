from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django import forms

from ficus.http.filters import IdentifierField, InstantField, YesNoField

ID = "018f4e5c-7d3a-7b21-9c55-0a1b2c3d4e5f"


def read(field: forms.Field, value: str) -> Any:
    return field.clean(value)


class TestFilters:
    @pytest.mark.parametrize(
        ("field", "value", "taken"),
        [
            (YesNoField(required=False), "true", True),
            (YesNoField(required=False), "False", False),
            (IdentifierField(required=False), ID, UUID(ID)),
            (InstantField(required=False), "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
            (
                InstantField(required=False),
                "2026-01-31T14:00:00.5+02:00",
                datetime(2026, 1, 31, 12, 0, 0, 500_000, UTC),
            ),
        ],
    )
    def test_take_what_the_document_says(self, field: forms.Field, value: str, taken: Any) -> None:
        assert read(field, value) == taken

    @pytest.mark.parametrize("field", [YesNoField, IdentifierField, InstantField])
    def test_are_none_when_they_are_empty(self, field: type[forms.Field]) -> None:
        assert read(field(required=False), "") is None

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            (YesNoField(), "null"),
            (YesNoField(), "1"),
            (IdentifierField(), ID.replace("-", "")),
            (IdentifierField(), "me"),
            (InstantField(), "2026-01-31"),
            (InstantField(), "2026-01-31T12:00:00"),
            (InstantField(), "2026-02-31T12:00:00Z"),
        ],
    )
    def test_refuse_anything_else(self, field: forms.Field, value: str) -> None:
        with pytest.raises(forms.ValidationError):
            read(field, value)
