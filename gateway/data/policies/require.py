"""Optional policy: what a caller must be allowed, beyond being signed in. Services still ask for themselves."""

from collections.abc import Collection, Iterable
from typing import Annotated, Literal

from msgspec import Meta

from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.policies.authenticate import CHALLENGE
from gateway.data.policies.terms import Terms
from gateway.data.routing.route import Access, Route

# A scope is anything printable but a space, a quote and a backslash (RFC 6749, section 3.3).
Scope = Annotated[str, Meta(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$", max_length=100)]


class Require(Terms, frozen=True):
    """Ask for scopes, for a role, or for both."""

    scopes: Annotated[
        list[Scope], Meta(description="That the token must have, every one.", examples=[["orders:write"]])
    ] = []
    role: Annotated[
        Literal["", "customer", "support", "operator", "admin"],
        Meta(description="That the person must have, or one above it."),
    ] = ""

    def mistakes(self, route: Route, services: Collection[str]) -> Iterable[str]:
        if not self.scopes and not self.role:
            yield "say scopes or a role"
        if route.access is not Access.SIGNED_IN:
            yield f"it needs access: {Access.SIGNED_IN}"


def require(request: Request, terms: Require) -> None:
    """:raises Refusal: 403 naming all that is missing (RFC 6750, section 3.1)."""
    principal = request.principal
    held: Collection[str] = principal.scopes if principal else ()
    missing = [scope for scope in terms.scopes if scope not in held]
    lacks_role = terms.role and not (principal and principal.has_role(terms.role))
    if missing:
        raise _lacking(missing, terms.role if lacks_role else "")
    if lacks_role:
        raise _lacking([], terms.role)


def _lacking(scopes: list[str], role: str) -> Refusal:
    challenge = CHALLENGE + b', error="insufficient_scope"'
    words, extra = [], {}
    if scopes:
        listed = " ".join(scopes)
        challenge += b', scope="%b"' % listed.encode()
        words.append(f"The token lacks {'the scopes' if len(scopes) > 1 else 'the scope'} {listed}.")
        extra["missing_scopes"] = scopes
    if role:
        words.append(f"This needs the role {role}.")
    return Refusal(
        403,
        "insufficient_scope" if scopes else "insufficient_role",
        " ".join(words),
        headers=((b"www-authenticate", challenge),),
        extra={**extra, "missing_role": role} if role else extra,
    )
