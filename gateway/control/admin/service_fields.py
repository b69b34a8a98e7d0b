"""The admin's form fields for a service's terms, made from them."""

from typing import Any

import msgspec
from django import forms

from gateway.control.admin.policy_fields import form_field
from gateway.data.policies.terms import default_of
from gateway.data.upstream.terms import ServiceTerms


def name_of(field: str) -> str:
    return f"terms__{field}"


NAMES = [name_of(field.encode_name) for field in msgspec.structs.fields(ServiceTerms)]


def form_fields() -> dict[str, forms.Field]:
    return {name_of(field.encode_name): form_field(field) for field in msgspec.structs.fields(ServiceTerms)}


def initial(terms: dict[str, Any]) -> dict[str, Any]:
    """Return what the fields show for a service's terms."""
    return {
        name_of(field.encode_name): terms.get(field.encode_name, default_of(field))
        for field in msgspec.structs.fields(ServiceTerms)
    }


def document(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Return the terms that a form says, without what is as it is by default, as a field left empty is."""
    found = {}
    for field in msgspec.structs.fields(ServiceTerms):
        value, default = cleaned.get(name_of(field.encode_name)), default_of(field)
        if value not in (default, None, ""):
            found[field.encode_name] = value
    return found
