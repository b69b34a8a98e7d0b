"""Makes one OpenAPI document of the services' own and of the gateway's, as clients meet them at the gateway."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ficus.http.answers import METHODS, components
from ficus.http.schema import SCOPES
from gateway.console.composing.addresses import PARAMETER, addresses_of
from gateway.console.composing.edge import HEADERS, add_edge, scopes_of
from gateway.console.composing.names import Document, Names
from gateway.console.composing.names import components as components_of
from gateway.console.composing.security import required, schemes
from gateway.data.routing.route import Access, Route
from gateway.data.routing.table import Table

Operations = dict[tuple[str, str], dict[str, Any]]  # by path and method


def merged(
    documents: Mapping[str, Document], own: Document, table: Table, *, info: Document, url: str
) -> dict[str, Any]:
    """
    Return one document of all operations that ``table`` leads to.

    :param documents: the services', by name.
    :param own: the gateway's own part; it has no routes.
    :param url: where browsers know the gateway.
    """
    parts = {**documents, "gateway": {**own, "components": _components(own)}}
    names = Names(parts, keeper="gateway")
    found: Operations = {}
    for path, method, operation in _operations(parts["gateway"]):
        _take(found, path, method, names.renamed(operation, "gateway"), "gateway", None)
    for service in documents:
        for path, method, operation in _operations(documents[service]):
            for address in addresses_of(table, service, method, path, operation):
                _take(found, address.path, method, names.renamed(operation, service), service, address.route)
    _tell_apart(found)
    return {
        "openapi": "3.0.3",
        "info": dict(info),
        "servers": [{"url": "/", "description": "Where this was read"}, {"url": url, "description": "For everybody"}],
        "tags": [{"name": service} for service in parts],
        "paths": _paths(found),
        "components": {**_renamed_components(parts, names), "securitySchemes": schemes(url, found.values())},
    }


def _components(own: Document) -> dict[str, Any]:
    """Return those of the gateway's own part, of the problems that all give, and of what is said of limits."""
    found: dict[str, dict[str, Any]] = components()
    found["headers"] = {**found["headers"], **HEADERS}
    for kind, named in own.get("components", {}).items():
        found[kind] = {**found.get(kind, {}), **named}
    return found


def _operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and a copy of each operation, with the parameters that all of a path have."""
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method in METHODS:
                shared = item.get("parameters", [])
                mine = operation.get("parameters", [])
                yield path, method, {**operation, **({"parameters": [*shared, *mine]} if shared or mine else {})}


def _take(
    found: Operations, path: str, method: str, operation: dict[str, Any], service: str, route: Route | None
) -> None:
    """Add an operation unless one is there for path and method already."""
    if (path, method) in found:
        return
    access = route.access if route else Access.OPTIONAL
    operation |= {"tags": [service], "x-service": service, "security": required(operation, access, scopes_of(route))}
    operation.pop(SCOPES, None)
    if not operation["security"]:
        del operation["security"]
    if route:
        operation["x-route"] = route.name
        add_edge(operation, route)
    found[path, method] = operation


def _tell_apart(found: Operations) -> None:
    """Give operations of one name different ones: after their services, or after their routes if the service is one."""
    for part in ("x-service", "x-route"):
        named: dict[str, list[dict[str, Any]]] = {}
        for operation in found.values():
            named.setdefault(operation.get("operationId", ""), []).append(operation)
        for name, operations in named.items():
            if name and len({operation.get(part, "") for operation in operations}) > 1:
                for operation in operations:
                    operation["operationId"] = f"{_word(operation.get(part, ''))}_{name}"
    for operation in found.values():
        del operation["x-service"]
        operation.pop("x-route", None)


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _paths(found: Operations) -> dict[str, Any]:
    """Return the operations by path; paths that differ in their parameters' names alone are one (OpenAPI 3.0.3)."""
    paths: dict[str, dict[str, Any]] = {}
    forms: dict[str, str] = {}
    for path, method in sorted(found):
        known = forms.setdefault(PARAMETER.sub("{}", path), path)
        names = dict(zip(PARAMETER.findall(path), PARAMETER.findall(known), strict=True))
        paths.setdefault(known, {})[method] = _with_parameters(found[path, method], names)
    return paths


def _with_parameters(operation: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the operation with the parameters in its path called otherwise."""
    if "parameters" not in operation:
        return operation
    parameters = [
        {**each, "name": names.get(each["name"], each["name"])} if each.get("in") == "path" else each
        for each in operation["parameters"]
    ]
    return {**operation, "parameters": parameters}


def _renamed_components(parts: Mapping[str, Document], names: Names) -> dict[str, dict[str, Any]]:
    renamed: dict[str, dict[str, Any]] = {}
    for service, part in parts.items():
        for key, component in components_of(part):
            renamed.setdefault(key[0], {})[names.name(service, key)] = names.renamed(component, service)
    return {kind: dict(sorted(named.items())) for kind, named in sorted(renamed.items())}
