"""What a route may say to a policy: one small class for each kind, of which everybody else makes what he needs."""

from collections.abc import Callable, Collection, Iterable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

if TYPE_CHECKING:
    from gateway.data.routing.route import Route


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    The terms of one kind of policy on one route.

    Fields are of JSON's types, with bounds and a description in ``Annotated[..., msgspec.Meta(...)]``: they are checked
    when a table is, and the admin's form, the YAML and ``gateway route`` are made from them. The first line of the
    class's docstring says what the policy does.
    """

    def mistakes(self, route: "Route", services: Collection[str]) -> Iterable[str]:
        """Return what is wrong beyond the fields by themselves, such as the name of no service."""
        return ()


def terms_of(policy: Callable[..., Any]) -> type[Terms] | None:
    """Return the class of what a policy's second parameter takes, or None if it has but the request."""
    parameters = list(signature(policy).parameters)
    if len(parameters) < 2:
        return None
    terms: type[Terms] = get_type_hints(policy, vars(__import__(policy.__module__, fromlist=["*"])))[parameters[1]]
    return terms


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """Return what a field is that is not named; None if it has to be."""
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return None if field.required else field.default_factory()


def read(shape: type[msgspec.Struct], document: Any) -> tuple[Any, list[str]]:
    """
    Return ``document`` as a ``shape``, and every mistake.

    Where there are mistakes, the wrong fields are as by default, so that the others can be looked at further; the first
    is None if that cannot be.
    """
    if not isinstance(document, Mapping):
        return None, ["this must be a mapping"]
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    mistakes = [
        f"{name} is no field; there are: {', '.join(sorted(fields))}" for name in document if name not in fields
    ]
    found = {}
    for name, field in fields.items():
        if name in document:
            try:
                found[field.name] = msgspec.convert(document[name], field.type)
            except msgspec.ValidationError as error:
                mistakes.append(f"{name}: {error}")
        elif field.required:
            mistakes.append(f"{name} is missing")
    if any(field.required and field.name not in found for field in fields.values()):
        return None, mistakes
    return shape(**found), mistakes
