"""How drf-spectacular describes an operation, and the bearer token that it asks for."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from ficus.auth.permissions import scopes_of
from ficus.http.fields import Email, Text
from ficus.http.serializers import StrictSerializer

SCOPES = "x-scopes"


class Schema(AutoSchema):
    """How an operation is described; naming it in the settings is what brings :class:`BearerScheme` along."""

    def get_extensions(self) -> dict[str, Any]:
        """Name the scopes that the token must have, for whoever knows where tokens come from."""
        scopes = scopes_of(self.view.get_permissions(), self.method)
        return {**super().get_extensions(), **({SCOPES: scopes} if scopes else {})}

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        """A form with empty fields is a list without those filters."""
        found: list[dict[str, Any]] = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        return [{**each, "allowEmptyValue": True} for each in found]

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        shape: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, StrictSerializer):
            if not vars(type(serializer)).get("__doc__"):
                shape.pop("description", None)  # what it inherits says nothing of the command
            if direction == "request":
                shape["additionalProperties"] = False
        return shape

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """An alternative for what is empty, which drf-spectacular adds, would take what a text's own rule takes."""
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        if isinstance(field, Text) and "oneOf" in schema:
            schema |= schema.pop("oneOf")[0]
        if isinstance(field, Email):
            schema["format"] = "email"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How :class:`ficus.auth.rest.TokenAuthentication` appears in the document."""

    target_class = "ficus.auth.rest.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
