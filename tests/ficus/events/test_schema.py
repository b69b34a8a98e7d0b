from typing import Any
from uuid import UUID, uuid4

import pytest

from ficus.events.schema import Event, MalformedEvent, UnknownEvent, decode, event, upcast, upcasts


@event("press.page_printed", version=3, aggregate="page", key="page_id")
class PagePrinted(Event, frozen=True, kw_only=True):
    """Version 1 had ``ink``, one colour; version 2 named it ``colour``; version 3 has any number of them."""

    page_id: UUID
    colours: list[str]


@upcast("press.page_printed", 1)
def name_the_ink_a_colour(payload: dict[str, Any]) -> dict[str, Any]:
    payload["colour"] = payload.pop("ink")
    return payload


@upcast("press.page_printed", 2)
def let_there_be_several_colours(payload: dict[str, Any]) -> dict[str, Any]:
    return {"page_id": payload["page_id"], "colours": [payload["colour"]]}


@upcast("press.page_torn", 1)
def lift_into_nothing(payload: dict[str, Any]) -> dict[str, Any]:
    return payload


PAGE = uuid4()


class TestDecode:
    @pytest.mark.parametrize(
        ("version", "payload"), [(1, {"ink": "black"}), (2, {"colour": "black"}), (3, {"colours": ["black"]})]
    )
    def test_gives_the_newest_version_of_an_event_written_in_any(self, version, payload):
        understood = decode("press.page_printed", version, {"page_id": str(PAGE), **payload})

        assert understood == PagePrinted(page_id=PAGE, colours=["black"])

    def test_leaves_the_payload_as_it_was_written(self):
        written = {"page_id": str(PAGE), "ink": "black"}

        decode("press.page_printed", 1, written)

        assert written == {"page_id": str(PAGE), "ink": "black"}

    def test_refuses_a_version_newer_than_it_knows(self):
        with pytest.raises(UnknownEvent, match=r"press\.page_printed version 4"):
            decode("press.page_printed", 4, {"page_id": str(PAGE), "colours": []})

    def test_refuses_a_version_that_leads_to_none_that_is_declared(self):
        with pytest.raises(UnknownEvent, match=r"press\.page_torn version 2"):
            decode("press.page_torn", 1, {})

    @pytest.mark.parametrize("payload", [{}, {"ink": 3, "page_id": None}])
    def test_calls_an_old_payload_malformed_that_cannot_be_lifted(self, payload):
        with pytest.raises(MalformedEvent, match=r"press\.page_printed version"):
            decode("press.page_printed", 1, payload)


class TestUpcast:
    def test_is_declared_once_for_a_version(self):
        with pytest.raises(ValueError, match=r"press\.page_printed version 1 is lifted twice"):
            upcast("press.page_printed", 1)(lambda payload: payload)

    def test_is_known_by_name_and_version(self):
        assert {("press.page_printed", 1), ("press.page_printed", 2)} <= upcasts()
