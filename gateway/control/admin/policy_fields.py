"""The admin's form fields for the policies of a route, made from their terms: a new kind of policy needs none here."""

from typing import Any

import msgspec
from django import forms
from msgspec import inspect
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from gateway.control.admin.fields import LinesField, YamlField
from gateway.data.policies import KINDS
from gateway.data.policies.terms import Terms, default_of


def name_of(kind: str, field: str = "") -> str:
    """Return the form's name of a policy's switch, or of one of its terms."""
    return f"policy_{kind}__{field}" if field else f"policy_{kind}"


def form_fields() -> dict[str, forms.Field]:
    """Return a switch for each kind, and a field for each of its terms."""
    found: dict[str, forms.Field] = {}
    for kind, terms in KINDS.items():
        found[name_of(kind)] = forms.BooleanField(required=False, label="on", widget=UnfoldBooleanSwitchWidget)
        for field in msgspec.structs.fields(terms):
            found[name_of(kind, field.encode_name)] = form_field(field)
    return found


def fieldsets(present: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return a part of the form for each kind; those of which a route has none are folded up."""
    return [
        (
            f"Policy: {kind}",
            {
                "fields": [name_of(kind), *(name_of(kind, each.encode_name) for each in msgspec.structs.fields(terms))],
                "description": _purpose(terms),
                "classes": [] if kind in present else ["collapse"],
            },
        )
        for kind, terms in KINDS.items()
    ]


def initial(policies: dict[str, Any]) -> dict[str, Any]:
    """Return what the fields show for a route's policies."""
    shown: dict[str, Any] = {}
    for kind, terms in KINDS.items():
        document = policies.get(kind)
        shown[name_of(kind)] = document is not None
        for field in msgspec.structs.fields(terms):
            shown[name_of(kind, field.encode_name)] = (document or {}).get(field.encode_name, default_of(field))
    return shown


def document(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Return the policies that a form says, without what is as it is by default."""
    found: dict[str, Any] = {}
    for kind, terms in KINDS.items():
        if cleaned.get(name_of(kind)):
            values = {
                field.encode_name: (cleaned.get(name_of(kind, field.encode_name)), default_of(field))
                for field in msgspec.structs.fields(terms)
            }
            found[kind] = {name: value for name, (value, default) in values.items() if value not in (default, None, "")}
    return found


def form_field(field: msgspec.structs.FieldInfo) -> forms.Field:
    """Return the form's field for one of a class's."""
    kind: Any = inspect.type_info(field.type)
    schema: dict[str, Any] = {}
    while isinstance(kind, inspect.Metadata):
        schema, kind = {**(kind.extra_json_schema or {}), **schema}, kind.type
    said: dict[str, Any] = {"required": False, "label": field.encode_name.replace("_", " "), "help_text": _help(schema)}
    if isinstance(kind, inspect.BoolType):
        return forms.BooleanField(**said, widget=UnfoldBooleanSwitchWidget)
    if isinstance(kind, inspect.IntType):
        return forms.IntegerField(**said, widget=UnfoldAdminIntegerFieldWidget)
    if isinstance(kind, inspect.FloatType):
        return forms.FloatField(**said, widget=UnfoldAdminDecimalFieldWidget)
    if isinstance(kind, inspect.LiteralType):
        choices = [(value, value) for value in kind.values]
        return forms.ChoiceField(**said, choices=choices, widget=UnfoldAdminSelectWidget)
    if isinstance(kind, inspect.StrType):
        return forms.CharField(**said, widget=UnfoldAdminTextInputWidget)
    if isinstance(kind, inspect.ListType) and isinstance(_bare(kind.item_type), inspect.StrType):
        return LinesField(**said)
    return YamlField(**said)


def _bare(kind: Any) -> Any:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def _help(schema: dict[str, Any]) -> str:
    examples = [_example(each) for each in schema.get("examples", ())]
    example = f" For example: {'; '.join(examples)}" if examples else ""
    return f"{schema.get('description', '')}{example}".strip()


def _example(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _purpose(terms: type[Terms]) -> str:
    return (terms.__doc__ or "").strip().partition("\n")[0]
