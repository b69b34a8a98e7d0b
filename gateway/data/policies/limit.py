"""Fourth policy: what is too much. So far a body that says its size; a chunked one is measured as it comes."""

from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request


def limit(request: Request) -> None:
    """:raises Refusal: 413 before a byte of the body is read."""
    if request.length is not None and request.length > request.route.body_limit:
        raise too_large(request)


def too_large(request: Request) -> Refusal:
    detail = f"A body has at most {request.route.body_limit} bytes here."
    return Refusal(413, "body_too_large", detail, closes=True)
