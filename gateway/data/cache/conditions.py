"""A client's own question whether something changed, answered from what is kept (RFC 9110, section 13)."""

from typing import TYPE_CHECKING

from gateway.data.cache.directives import instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.data.cache.entry import Entry
    from gateway.data.message.request import Field

CONDITIONS = frozenset((b"if-none-match", b"if-modified-since"))
_IN_304 = frozenset(
    (
        b"cache-control",
        b"content-location",
        b"date",
        b"etag",
        b"expires",
        b"last-modified",
        b"vary",
    )
)


def is_unchanged(asked: "Mapping[bytes, bytes]", fields: "Sequence[Field]") -> bool:
    """
    Say whether a client has already what an answer of 200 with these fields would bring (sections 13.1.2 and 13.1.3).

    :param asked: its conditions by name.
    """
    said = dict(fields)
    known = asked.get(b"if-none-match")
    if known is not None:
        if known.strip() == b"*":
            return True
        etag = said.get(b"etag", b"").removeprefix(b"W/")
        return bool(etag) and etag in (each.strip().removeprefix(b"W/") for each in known.split(b","))
    since = instant(asked.get(b"if-modified-since", b""))
    changed = instant(said.get(b"last-modified", b""))
    return since is not None and changed is not None and changed <= since


def fields_of_304(fields: "Sequence[Field]") -> "list[Field]":
    """Return what of an answer's head goes into a 304 (section 15.4.5)."""
    return [field for field in fields if field[0] in _IN_304]


def asking_about(kept: "list[Field]", entry: "Entry | None") -> "list[Field]":
    """Return request fields that ask whether an entry still holds, instead of what the client asks (section 4.3.1)."""
    fields = [field for field in kept if field[0] not in CONDITIONS]
    if entry is not None and entry.etag:
        fields.append((b"if-none-match", entry.etag))
    if entry is not None and entry.last_modified:
        fields.append((b"if-modified-since", entry.last_modified))
    return fields
