"""What a policy changes of an answer's head, whoever answers: a service, the cache, or the gateway itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.data.message.request import Field, Request

# Given the request, the status and the fields, which it leaves as they are, it returns those that the client gets.
Alteration = Callable[["Request", int, "list[Field]"], "list[Field]"]


def altered(request: "Request", status: int, fields: "list[Field]") -> "list[Field]":
    """Return the fields as the request's policies want them."""
    for alteration in request.alterations:
        fields = alteration(request, status, fields)
    return fields


def varying(fields: "list[Field]", name: bytes) -> "list[Field]":
    """Return the fields with ``name`` among those that ``Vary`` says (RFC 9110, section 12.5.5)."""
    values = [value for found, value in fields if found == b"vary"]
    said = {each.strip().lower() for value in values for each in value.split(b",")}
    if b"*" in said or name.lower() in said:
        return fields
    others = [field for field in fields if field[0] != b"vary"]
    return [*others, (b"vary", b", ".join((*values, name)))]
