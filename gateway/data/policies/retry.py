"""Optional policy: how often a request is sent again when the service fails, and whether it may be one that writes."""

from typing import Annotated

from msgspec import Meta

from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms


class Retry(Terms, frozen=True):
    """Say how failed requests are repeated; without it GET, HEAD, OPTIONS, PUT and DELETE are, twice at most."""

    attempts: Annotated[int, Meta(ge=1, le=3, description="Attempts in all; 1 repeats nothing.")] = 3
    unsafe: Annotated[
        bool,
        Meta(
            description="Repeat POST and PATCH too, if they have an Idempotency-Key and the service knows a key again."
        ),
    ] = False


def retry(request: Request, terms: Retry) -> None:
    """Nothing yet: ``gateway.data.retrying`` asks for the terms once an attempt has failed."""
