"""Reads ``Prefer`` (RFC 7240), of which ``wait`` is understood. What cannot be understood is ignored, as it says."""

import re

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from ficus import deadline

LONGEST_WAIT_SECONDS = 10
# What reading and writing the answer may take after the wait.
ANSWER_SECONDS = 0.25
# token [ = ( token | quoted ) ] and whatever parameters follow up to the next comma outside quotes.
PREFERENCE = re.compile(
    r"""[\s,]*(?P<name>[\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<value>[^\s,;"]*)))?"""
    r"""(?:"(?:[^"\\]|\\.)*"|[^,"])*"""
)


def preferences(request: HttpRequest | Request) -> dict[str, str]:
    """Return the preferences by lower-case name; of one given twice the first counts."""
    found: dict[str, str] = {}
    for match in PREFERENCE.finditer(request.META.get("HTTP_PREFER", "")[:1000]):
        found.setdefault(match["name"].lower(), match["quoted"] or match["value"] or "")
    return found


def wait_seconds(request: HttpRequest | Request) -> int | None:
    """
    Return for how long the client would wait for the outcome, or None if it would not.

    At most ``LONGEST_WAIT_SECONDS``, and less where the deadline leaves less, so that there is still time to answer.
    """
    value = preferences(request).get("wait", "")
    if not re.fullmatch(r"[0-9]{1,9}", value):
        return None
    left = deadline.remaining()
    longest = LONGEST_WAIT_SECONDS if left is None else min(LONGEST_WAIT_SECONDS, int(left - ANSWER_SECONDS))
    return max(min(int(value), longest), 0)


def mark_applied(response: HttpResponse, *, wait: int) -> None:
    """Say in the answer that ``wait`` seconds were honoured."""
    response["Preference-Applied"] = f"wait={wait}"
