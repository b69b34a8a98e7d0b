"""What a deployable is told centrally: values by name, and the versions before them with who made each and why."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson

LARGEST_BYTES = 256 * 1024  # a value of Consul is half a megabyte at most; the oldest versions go first
MOST_VERSIONS = 200


class MalformedDocument(ValueError):
    """What the store holds is no document."""


@dataclass(frozen=True)
class Version:
    """
    All values as one change made them.

    :ivar number: 1 for the first.
    :ivar restores: the number of the version that a rollback went back to, None for any other change.
    """

    number: int
    values: Mapping[str, Any]
    by: str
    reason: str
    at: datetime
    restores: int | None = None


@dataclass(frozen=True)
class Document:
    """:ivar versions: newest first; none if nobody has ever set anything."""

    versions: tuple[Version, ...] = field(default=())

    @property
    def number(self) -> int:
        """Of the version in force, 0 if there is none."""
        return self.versions[0].number if self.versions else 0

    @property
    def values(self) -> Mapping[str, Any]:
        return self.versions[0].values if self.versions else {}

    def find(self, number: int) -> Version | None:
        return next((version for version in self.versions if version.number == number), None)

    def changed(
        self, values: Mapping[str, Any], *, by: str, reason: str, at: datetime, restores: int | None = None
    ) -> "Document":
        """Return the document with one more version, and without those that there is no room for."""
        newest = Version(self.number + 1, dict(sorted(values.items())), by, reason, at, restores)
        kept = (newest, *self.versions)[:MOST_VERSIONS]
        while len(kept) > 1 and len(Document(kept).written()) > LARGEST_BYTES:
            kept = kept[:-1]
        return Document(kept)

    def written(self) -> bytes:
        return orjson.dumps({"versions": [asdict(version) for version in self.versions]})

    @classmethod
    def read(cls, written: bytes | None) -> "Document":
        """
        Return what was written, or an empty document for None.

        :raises MalformedDocument: if it is none; values are not looked at.
        """
        if written is None:
            return cls()
        try:
            return cls(tuple(_version(each) for each in orjson.loads(written)["versions"]))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise MalformedDocument(f"what is kept is no configuration but {written[:60]!r}: {error!r}") from None


def _version(told: dict[str, Any]) -> Version:
    values = told["values"]
    if not isinstance(values, dict):
        raise TypeError("values must be an object")
    at = datetime.fromisoformat(told["at"])
    restores = told.get("restores")
    return Version(int(told["number"]), values, str(told["by"]), str(told["reason"]), at, restores)
