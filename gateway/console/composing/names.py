"""What components of several OpenAPI documents are called in one, so that none takes another's name."""

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
Key = tuple[str, str]  # kind and name, as in #/components/schemas/Problem

LOCAL = "#/components/"


class Names:
    """
    The new name of each service's components.

    One that means the same in all documents is shared. One that differs, or refers to one that does, is called after
    its service in every document, whatever their order; those of ``keeper`` keep their names, since every operation may
    be given references to them.
    """

    def __init__(self, documents: Mapping[str, Document], *, keeper: str = "") -> None:
        self._keeper = keeper
        self._owners: dict[Key, dict[str, Any]] = {}
        for service, document in documents.items():
            for key, component in components(document):
                self._owners.setdefault(key, {})[service] = component
        self._different = self._all_different()
        self._names = self._chosen()

    def name(self, service: str, key: Key) -> str:
        """Return what the service's component is called now."""
        return self._names.get((service, key), key[1])

    def renamed(self, node: Any, service: str) -> Any:
        """Return a copy of ``node`` in which references name the service's components as they are called now."""
        if isinstance(node, list):
            return [self.renamed(each, service) for each in node]
        if isinstance(node, dict):
            return {key: self.renamed(value, service) for key, value in node.items()}
        key = key_of(node)
        return node if key is None else f"{LOCAL}{key[0]}/{self.name(service, key)}"

    def _all_different(self) -> set[Key]:
        different = {key for key, owned in self._owners.items() if _differ(owned)}
        while True:
            more = {
                key for key, owned in self._owners.items() if len(owned) > 1 and _refers(owned, different)
            } - different
            if not more:
                return different
            different |= more

    def _chosen(self) -> dict[tuple[str, Key], str]:
        taken = {key for key, owned in self._owners.items() if key not in self._different or self._keeper in owned}
        chosen: dict[tuple[str, Key], str] = {}
        for kind, name in sorted(self._different):
            for service in sorted(self._owners[kind, name].keys() - {self._keeper}):
                new = f"{service.capitalize()}{name}"
                while (kind, new) in taken:
                    new += "_"
                taken.add((kind, new))
                chosen[service, (kind, name)] = new
        return chosen


def components(document: Document) -> Iterator[tuple[Key, Any]]:
    """Yield every component but security schemes, which are the gateway's own business."""
    for kind, named in document.get("components", {}).items():
        if kind != "securitySchemes":
            for name, component in named.items():
                yield (kind, name), component


def references(node: Any) -> Iterator[Key]:
    """Yield the components that ``node`` refers to, by ``$ref`` or in a discriminator's mapping."""
    if isinstance(node, list):
        for each in node:
            yield from references(each)
    elif isinstance(node, dict):
        for each in node.values():
            yield from references(each)
    elif (key := key_of(node)) is not None:
        yield key


def key_of(node: Any) -> Key | None:
    if not isinstance(node, str) or not node.startswith(LOCAL):
        return None
    kind, slash, name = node.removeprefix(LOCAL).partition("/")
    return (kind, name) if slash and "/" not in name else None


def _differ(owned: Mapping[str, Any]) -> bool:
    first, *others = owned.values()
    return any(each != first for each in others)


def _refers(owned: Mapping[str, Any], to: set[Key]) -> bool:
    return any(not to.isdisjoint(references(component)) for component in owned.values())
