"""Optional policy: the path under which a service knows what clients call otherwise."""

from collections.abc import Collection, Iterable
from typing import Annotated

from msgspec import Meta

from gateway.data.message.path import canonical
from gateway.data.message.reader import TARGET_LIMIT
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.terms import Terms
from gateway.data.routing.patterns import BadPattern, compiled, substituted
from gateway.data.routing.route import Route

LongestTemplate = Annotated[str, Meta(max_length=500)]


class Rewrite(Terms, frozen=True):
    """Send the path on in another form; either a prefix in place of the route's, or a pattern's substitute."""

    prefix: Annotated[
        LongestTemplate, Meta(description="Takes the place of the route's path; / takes it away.", examples=["/v2"])
    ] = ""
    pattern: Annotated[
        LongestTemplate,
        Meta(
            description="Regular expression (RE2); its first match in the path is replaced.",
            examples=["^/shop/([0-9]+)$"],
        ),
    ] = ""
    to: Annotated[
        LongestTemplate, Meta(description="What the match becomes; \\1 is a group.", examples=["/items/\\1"])
    ] = ""

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if bool(self.prefix) == bool(self.pattern):
            yield "say either prefix, or pattern and to"
        if self.to and not self.pattern:
            yield "to needs a pattern"
        if self.prefix:
            yield from _prefix_mistakes(self.prefix)
        if self.pattern:
            yield from _pattern_mistakes(self)


def rewrite(request: Request, terms: Rewrite) -> None:
    """:raises Refusal: 400 if the new path is none; 414 if it is too long."""
    if terms.prefix:
        prefix = b"" if terms.prefix == "/" else terms.prefix.encode()
        request.onward_path = prefix + request.path[len(request.route.path) :] or b"/"
    else:
        request.onward_path = _checked(substituted(terms.pattern, terms.to, request.path))
    if len(request.onward_path) + len(request.query) > TARGET_LIMIT:
        raise Refusal(414, "target_too_long", f"An address has at most {TARGET_LIMIT} bytes.")


def _checked(path: bytes) -> bytes:
    """Return the path; pieces that were harmless where they stood may not be in another order."""
    resolved, query = canonical(path, b"") if path.startswith(b"/") else (b"", b"")
    if query or resolved != path:
        raise Refusal(400, "invalid_path", "The path that this one stands for is malformed.")
    return path


def _prefix_mistakes(prefix: str) -> Iterable[str]:
    try:
        resolved = canonical(prefix.encode(), b"")
    except Refusal as refusal:
        yield f"prefix {prefix}: {refusal.detail}"
        return
    if resolved != (prefix.encode(), b"") or (prefix != "/" and prefix.endswith("/")):
        yield f"prefix {prefix} is not canonical"


def _pattern_mistakes(terms: Rewrite) -> Iterable[str]:
    try:
        _check_groups(terms.to, compiled(terms.pattern).groups)
    except BadPattern as error:
        yield str(error)
    if not terms.to.startswith("/") and terms.pattern.startswith("^"):
        yield "to must begin with a slash, as every path does"


def _check_groups(template: str, groups: int) -> None:
    for place, character in enumerate(template):
        if character == "\\":
            digit = template[place + 1 : place + 2]
            if not digit.isdigit() or int(digit) > groups:
                raise BadPattern(f"{template}: the pattern has no group {digit or 'of that name'}")
