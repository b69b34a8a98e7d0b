"""Optional policy: a route whose answers go on and on, such as server-sent events."""

from typing import Annotated

from msgspec import Meta

from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms


class Stream(Terms, frozen=True):
    """Let answers go on for as long as anything of them comes, be it a comment."""

    idle_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="Silence of the service after which the answer is broken off.")
    ] = 120


def stream(request: Request, terms: Stream) -> None:
    """Set how long the service may be silent in the middle of its answer."""
    request.idle_seconds = terms.idle_seconds
