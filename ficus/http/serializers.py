"""What comes in: serializers that refuse what they do not know, so that a misspelt field is never silently dropped."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

UNKNOWN = "Unknown field."


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer of a command: a field that is not declared, or may only be read, is an error of that field."""

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {name: [UNKNOWN] for name in self._unknown(data)}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            errors = {**error.detail, **errors}
        if errors:
            raise serializers.ValidationError(errors)
        return value

    def _unknown(self, data: Any) -> list[str]:
        if not isinstance(data, Mapping):
            return []
        writable = {field.field_name for field in self._writable_fields}
        return [str(name) for name in data if name not in writable]
