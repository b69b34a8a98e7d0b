"""The table as a document: what is exported, compared, kept as a version and rolled back to. One class an entry."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, to_builtins
from msgspec.structs import fields

from gateway.data.policies.terms import default_of
from gateway.data.upstream.address import LARGEST_WEIGHT

Document = dict[str, dict[str, Any]]
Text = Annotated[str, Meta(max_length=200)]
Method = Annotated[str, Meta(pattern="^[A-Z]+$", max_length=20)]
Host = Annotated[str, Meta(min_length=1, max_length=253)]
Pairs = dict[Annotated[str, Meta(min_length=1, max_length=100)], Text]


class InstanceEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Where one process of a service listens."""

    address: Text
    weight: Annotated[int, Meta(ge=0, le=LARGEST_WEIGHT)] = 1


class ServiceEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody behind the gateway; without instances he is where the registry or the environment says."""

    description: Text = ""
    instances: list[InstanceEntry] = []
    terms: dict[str, Any] = {}


class RouteEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the table. ``policies`` has the terms of each by kind."""

    service: Text
    path: Annotated[str, Meta(min_length=1, max_length=500)]
    match: Literal["exact", "prefix", "pattern"] = "prefix"
    pattern: Annotated[str, Meta(max_length=500)] = ""
    hosts: list[Host] = []
    methods: list[Method] = []
    headers: Pairs = {}
    query: Pairs = {}
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    access: Literal["public", "optional", "signed in"] = "signed in"
    timeout_ms: Annotated[int, Meta(ge=1, le=30_000)] = 2000
    waits: bool = False
    body_limit: Annotated[int, Meta(ge=0, le=1 << 40)] = 10 * 1024 * 1024
    active: bool = True
    policies: dict[str, Any] = {}
    note: Text = ""


def written(entry: Struct) -> dict[str, Any]:
    """Return the entry as a document has it, without what is as it is by default."""
    document: dict[str, Any] = to_builtins(entry)
    for field in fields(entry):
        if not field.required and document[field.name] == default_of(field):
            del document[field.name]
    for instance in document.get("instances", ()):
        if instance["weight"] == 1:
            del instance["weight"]
    return document
