"""Changes of what is set centrally, and what there is to look at. Who may make them is decided elsewhere."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from ficus import service
from ficus.configuration.copy import Copy
from ficus.configuration.document import Document, MalformedDocument, Version
from ficus.configuration.groups import find, groups
from ficus.configuration.kinds import written
from ficus.configuration.settings import Setting
from ficus.configuration.store import Store, StoreAway, place, store_at
from ficus.configuration.validation import InvalidConfiguration, check, check_told

ENVIRONMENT, CENTRAL, DEFAULT = "environment", "central", "default"


class NoStore(Exception):
    """Nothing can be set centrally here."""

    def __init__(self) -> None:
        super().__init__("there is no store: CONFIGURATION_URL is not set")


class ChangedMeanwhile(Exception):
    """Somebody else has made a version in between."""


@dataclass(frozen=True)
class Row:
    """
    One setting as it stands.

    :ivar value: in force in a process that has heard of the newest version.
    :ivar source: where that comes from.
    :ivar central: what is set centrally, None if nothing.
    """

    setting: Setting
    value: Any
    source: str
    central: Any

    @property
    def name(self) -> str:
        return self.setting.name

    @property
    def remark(self) -> str:
        """What is said besides the value in force, in words."""
        said = [f"default {written(self.setting.default)}"] if self.source != DEFAULT else []
        if self.source == ENVIRONMENT:
            centrally = f"; centrally {written(self.central)}" if self.central is not None else ""
            said.insert(0, f"{self.setting.variable} wins{centrally}")
        return "; ".join(said)


@dataclass(frozen=True)
class Present:
    """
    What is set centrally.

    :ivar document: what a change is made to: what the store holds, if it makes sense.
    :ivar raw: as the store has it.
    :ivar trouble: why processes may go by something else, empty if they do not.
    :ivar last_good: what they go by instead, as far as this machine knows.
    """

    document: Document
    raw: bytes | None = None
    trouble: str = ""
    last_good: Document | None = None

    @property
    def in_force(self) -> Document:
        return self.document if self.last_good is None else self.last_good


def look() -> Present:
    """Return what is set centrally, as far as can be known; nothing where there is no store."""
    if not settings.CONFIGURATION["URL"]:
        return Present(Document())
    try:
        present = _read(store())
        check_told(present.document.values)
    except StoreAway as error:
        return Present(_copy().read(), trouble=f"{where()} does not answer: {error}")
    except InvalidConfiguration as error:
        trouble = f"version {present.document.number} is wrong, and the last good one stays in force: {error}"
        return Present(present.document, present.raw, trouble, _copy().read())
    return present


def rows(document: Document, *, everything: bool = False) -> Iterator[tuple[str, list[Row]]]:
    """
    Yield each group's title and settings as they stand.

    :param everything: also those of calls that nobody has set.
    """
    for group in groups():
        listed = {setting.name: setting for setting in group.listed()}
        named = (setting for name in document.values if (setting := group.find(name)))
        listed |= {setting.name: setting for setting in named}
        found = [row_of(setting, document.values) for setting in listed.values()]
        is_short = any(row.setting.meaning for row in found)
        yield group.title, [row for row in found if everything or is_short or row.source != DEFAULT]


def row_of(setting: Setting, central: Mapping[str, Any]) -> Row:
    told = central.get(setting.name)
    for value, source in ((setting.stated, ENVIRONMENT), (told, CENTRAL)):
        if value is not None:
            return Row(setting, value, source, told)
    return Row(setting, setting.default, DEFAULT, told)


def change(
    put: Mapping[str, Any],
    take_out: Collection[str] = (),
    *,
    by: str,
    reason: str,
    at: datetime,
    expected: int | None = None,
) -> Document:
    """
    Set values, and take others out so that they are as by default; return the document as it is then.

    :param expected: the version that the change was thought out for; any unless given.
    :raises InvalidConfiguration: with all that is wrong; a change without a reason is.
    :raises ChangedMeanwhile: if there is another version by now.
    :raises NoStore: or :class:`StoreAway`, if it cannot be kept.
    """
    present = _read(store())
    gone = [f"{name} is not set" for name in take_out if name not in present.document.values]
    values = {name: value for name, value in present.document.values.items() if name not in take_out} | dict(put)
    return _write(present, values, gone, by=by, reason=reason, at=at, expected=expected)


def roll_back(number: int, *, by: str, reason: str, at: datetime, expected: int | None = None) -> Document:
    """
    Make the values of an earlier version those of a new one; 0 is what there was before anything was set.

    :raises InvalidConfiguration: also if there is no such version, or it is good no more.
    """
    present = _read(store())
    version = present.document.find(number)
    if version is None and number != 0:
        raise InvalidConfiguration([f"there is no version {number}"])
    values = version.values if version else {}
    return _write(present, values, [], by=by, reason=reason, at=at, expected=expected, restores=number)


def differences(document: Document, version: Version) -> list[str]:
    """Return what a version changed, a line for each value."""
    earlier = document.find(version.number - 1)
    before = earlier.values if earlier else {}
    names = sorted({*before, *version.values})
    return [
        f"{name}: {_text(before, name)} -> {_text(version.values, name)}"
        for name in names
        if before.get(name) != version.values.get(name)
    ]


def unknown(document: Document) -> list[str]:
    """Return the names that nothing here goes by: of another release, or written by somebody else."""
    return [name for name in document.values if find(name) is None]


def find_row(name: str, document: Document) -> Row | None:
    """Return one setting as it stands, None if there is none of that name."""
    setting = find(name)
    return row_of(setting, document.values) if setting else None


def store() -> Store:
    """:raises NoStore: if settings name none."""
    url = settings.CONFIGURATION["URL"]
    if not url:
        raise NoStore
    return store_at(url)


def where() -> str:
    """Return the store's address, without what is secret in it."""
    return place(settings.CONFIGURATION["URL"])


def _read(kept_by: Store) -> Present:
    raw = kept_by.read(service.name())
    try:
        return Present(Document.read(raw), raw)
    except MalformedDocument as error:
        return Present(_copy().read(), raw, f"the last good version stays in force: {error}")


def _write(
    present: Present,
    values: Mapping[str, Any],
    mistakes: list[str],
    *,
    by: str,
    reason: str,
    at: datetime,
    expected: int | None,
    restores: int | None = None,
) -> Document:
    document = present.document
    if expected is not None and expected != document.number:
        raise ChangedMeanwhile(f"it is version {document.number} by now, not {expected}")
    if not reason.strip():
        mistakes = [*mistakes, "say why"]
    try:
        check(values)
    except InvalidConfiguration as error:
        mistakes = [*mistakes, *error.mistakes]
    if mistakes:
        raise InvalidConfiguration(mistakes)
    if values == document.values and not present.trouble:
        return document
    made = document.changed(values, by=by, reason=reason.strip(), at=at, restores=restores)
    if not store().replace(service.name(), present.raw, made.written()):
        raise ChangedMeanwhile("somebody else changed it at the same moment; look again")
    return made


def _copy() -> Copy:
    return Copy(Path(settings.CONFIGURATION["KEPT_IN"]), service.name())


def _text(values: Mapping[str, Any], name: str) -> str:
    return written(values[name]) if name in values else "not set"
