"""
Says whether the events declared now can live with what was released: with logs that hold it and services that read it.

Within a version an optional field may be added, and nothing else may change. Whatever else is wanted is a new version,
with an upcaster that lifts the one before it. No Django here.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import inspect

from ficus.events import schema

# By name and version: aggregate, key, and fields. JSON, so that it can be kept with a release.
Described = dict[str, dict[str, Any]]


def describe(released: Described | None = None) -> Described:
    """
    Return every event declared in this process, in all its versions.

    :param released: what was described before: versions that are lifted and have no class any more are taken from it.
    """
    described: Described = {name: dict(versions) for name, versions in (released or {}).items()}
    for (name, version), event in schema.declared().items():
        described.setdefault(name, {})[str(version)] = {
            "aggregate": event.AGGREGATE,
            "key": event.KEY,
            **_shape(inspect.type_info(event)),
        }
    return {name: dict(sorted(described[name].items(), key=_number)) for name in sorted(described)}


def breaches(released: Described) -> list[str]:
    """Return, in a sentence each, how what is declared in this process breaks what was released."""
    now, newest = describe(), _newest()
    found = [problem for name, versions in released.items() for problem in _of_event(name, versions, now.get(name, {}))]
    for name, version in sorted(schema.declared()):
        if version < newest[name] and (name, version) not in schema.upcasts():
            found.append(f"{name} version {version} is not lifted to version {version + 1}: add its @upcast")
    return found


def _of_event(name: str, released: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for version, before in released.items():
        here = f"{name} version {version}"
        if version in now:
            yield from _between(here, before, now[version])
        elif not _is_understood(name, int(version)):
            yield f"{here} is not understood any more: logs hold it, so declare it or add its @upcast"


def _is_understood(name: str, version: int) -> bool:
    while (name, version) in schema.upcasts():
        version += 1
    return (name, version) in schema.declared()


def _newest() -> dict[str, int]:
    newest: dict[str, int] = {}
    for name, version in schema.declared():
        newest[name] = max(version, newest.get(name, 0))
    return newest


def _between(here: str, before: Any, now: Any) -> Iterator[str]:
    """Yield what is not compatible between two shapes of the same thing."""
    if not isinstance(before, dict) or not isinstance(now, dict) or before.keys() != now.keys():
        if before != now:
            yield f"{here} was {_brief(before)} and is {_brief(now)}"
        return
    for part in before.keys() - {"fields"}:
        yield from _between(here if part == "list of" else f"{here}: its {part}", before[part], now[part])
    if "fields" in before:
        yield from _between_fields(here, before["fields"], now["fields"])


def _between_fields(here: str, before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in before:
        if name not in now:
            yield f"{here}: {name} is gone"
            continue
        yield from _between(f"{here}: {name}", before[name]["type"], now[name]["type"])
        if now[name]["required"] and not before[name]["required"]:
            yield f"{here}: {name} is required now"
    for name in now.keys() - before.keys():
        if now[name]["required"]:
            yield f"{here}: {name} is new and required; give it a default, or declare a new version"


def _shape(type: inspect.Type) -> Any:
    if isinstance(type, inspect.StructType):
        return {
            "fields": {
                field.encode_name: {"type": _shape(field.type), "required": field.required} for field in type.fields
            }
        }
    if isinstance(type, inspect.CollectionType):
        return {"list of": _shape(type.item_type)}
    if isinstance(type, inspect.DictType):
        return {"values": _shape(type.value_type)}
    if isinstance(type, inspect.UnionType):
        return {"any of": sorted((_shape(part) for part in type.types), key=str)}
    if isinstance(type, inspect.LiteralType):
        return {"one of": sorted(type.values)}
    if isinstance(type, inspect.EnumType):
        return {"one of": sorted(member.value for member in type.cls)}
    return type.__class__.__name__.removesuffix("Type").lower()


def _brief(shape: Any) -> str:
    return "an object" if isinstance(shape, dict) and "fields" in shape else str(shape)


def _number(item: tuple[str, Any]) -> int:
    return int(item[0])
