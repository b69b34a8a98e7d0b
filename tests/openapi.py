"""Looks at OpenAPI documents for tests of several services."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from ficus.http.answers import operations

HERE = "urn:document"


def faults_in_examples(document: dict[str, Any]) -> list[str]:
    """Return what is wrong with examples of request bodies, by the schema that they are examples of (OpenAPI 3.0.3)."""
    registry: Registry = Registry().with_resource(HERE, Resource(document, DRAFT4))
    faults = []
    for schema, value in _examples(document):
        validator = Draft4Validator(_absolute(schema), registry=registry)
        faults += [f"{value}: {error.message}" for error in validator.iter_errors(value)]
    return faults


def commands_without_example(document: dict[str, Any]) -> list[str]:
    """Return the operations that take a body and show none."""
    return [
        operation["operationId"]
        for operation in operations(document)
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if not content.get("examples")
    ]


def _examples(document: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    for operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for shown in content.get("examples", {}).values():
                yield content["schema"], shown["value"]


def _absolute(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$ref": HERE + schema["$ref"]} if "$ref" in schema else schema
