"""What may change within a version of an event, and what needs a new one."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest

from ficus.events import compatibility, schema
from ficus.events.schema import Event, event, upcast


@pytest.fixture(autouse=True)
def _no_other_events(monkeypatch):
    monkeypatch.setattr(schema, "_declared", {})
    monkeypatch.setattr(schema, "_lifts", {})


class Part(msgspec.Struct):
    sku: str
    weight: int | None = None


class PartWithoutWeight(msgspec.Struct):
    sku: str


FIELDS = [
    ("box_id", UUID),
    ("parts", list[Part]),
    ("sent_at", datetime),
    ("size", Literal["small", "large"]),
    ("note", str, ""),
]


def declare(*fields: Any, version: int = 1, key: str = "box_id", aggregate: str = "box") -> None:
    made = msgspec.defstruct("BoxSent", list(fields), bases=(Event,), frozen=True, kw_only=True)
    event("yard.box_sent", version=version, aggregate=aggregate, key=key)(made)


@pytest.fixture
def released(_no_other_events):
    """What was released: one event. Nothing is declared any more."""
    declare(*FIELDS)
    described = compatibility.describe()
    schema._declared.clear()
    return described


def changed(**types: Any) -> list[Any]:
    """Return the fields with some of them of another type, or without one whose type is None."""
    return [
        (name, types.get(name, type), *default) for name, type, *default in FIELDS if types.get(name, type) is not None
    ]


class TestBreaches:
    def test_are_none_when_nothing_has_changed(self, released):
        declare(*FIELDS)

        assert compatibility.breaches(released) == []

    def test_are_none_when_an_optional_field_is_new(self, released):
        declare(*FIELDS, ("colour", str | None, None))

        assert compatibility.breaches(released) == []

    def test_are_none_when_fields_are_in_another_order(self, released):
        declare(*reversed(FIELDS))

        assert compatibility.breaches(released) == []

    @pytest.mark.parametrize(
        ("fields", "breach"),
        [
            (changed(note=None), "note is gone"),
            (changed(box_id=str), "box_id was uuid and is str"),
            (changed(sent_at=str), "sent_at was datetime and is str"),
            (changed(note=str | None), "note was str and is {'any of': ['none', 'str']}"),
            (changed(size=Literal["small"]), "size: its one of was ['large', 'small'] and is ['small']"),
            (changed(parts=list[str]), "parts was an object and is str"),
            (changed(parts=list[PartWithoutWeight]), "parts: weight is gone"),
            (
                [*FIELDS, ("colour", str)],
                "colour is new and required; give it a default, or declare a new version",
            ),
            ([*FIELDS[:-1], ("note", str)], "note is required now"),
        ],
    )
    def test_name_the_event_and_the_field(self, released, fields, breach):
        declare(*fields)

        assert compatibility.breaches(released) == [f"yard.box_sent version 1: {breach}"]

    @pytest.mark.parametrize("part", ["key", "aggregate"])
    def test_name_another_aggregate(self, released, part):
        declare(*FIELDS, ("crate_id", UUID | None, None), **{part: "crate_id"})

        assert compatibility.breaches(released) == [
            f"yard.box_sent version 1: its {part} was {'box_id' if part == 'key' else 'box'} and is crate_id"
        ]

    def test_name_an_event_that_is_gone(self, released):
        assert compatibility.breaches(released) == [
            "yard.box_sent version 1 is not understood any more: logs hold it, so declare it or add its @upcast"
        ]

    def test_are_none_when_an_old_version_is_lifted_to_a_new_one(self, released):
        declare(*changed(note=None), ("colour", str), version=2)
        upcast("yard.box_sent", 1)(lambda payload: {**payload, "colour": "brown"})

        assert compatibility.breaches(released) == []

    def test_name_a_version_that_nothing_lifts(self, released):
        declare(*FIELDS)
        declare(*FIELDS, version=2)

        assert compatibility.breaches(released) == [
            "yard.box_sent version 1 is not lifted to version 2: add its @upcast"
        ]


class TestDescribe:
    def test_keeps_the_versions_that_have_no_class_any_more(self, released):
        declare(*FIELDS, version=2)

        described = compatibility.describe(released)

        assert list(described["yard.box_sent"]) == ["1", "2"]
        assert described["yard.box_sent"]["1"] == released["yard.box_sent"]["1"]
