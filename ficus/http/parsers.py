"""What comes in as JSON: I-JSON (RFC 7493), which is JSON that every reader understands in the same way."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """
    Reads JSON in UTF-8. Refuses duplicate names, ``NaN``, lone surrogates, and nesting beyond reason.

    A body over ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes is refused with 413, and no more of it than that is kept.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestDataTooBig(f"The body is over {limit} bytes.")
        try:
            return read_json(raw)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is no acceptable JSON: {error}") from None


def read_json(raw: bytes) -> Any:
    """:raises ValueError: if ``raw`` is not JSON that everybody reads alike."""
    value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    if b"\\u" in raw:
        _refuse_lone_surrogates(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice in an object")
    return names


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a string holds half of a character") from None
