"""Optional policy: what browsers are told to refuse, whoever answers."""

from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta

from gateway.data.message.peer import scheme_of
from gateway.data.message.request import Field, Request
from gateway.data.policies.terms import Terms

Value = Annotated[str, Meta(max_length=2000, pattern=r"^[ -~]*$")]


class SecurityHeaders(Terms, frozen=True, dict=True):
    """Tell browsers what to refuse: plain HTTP, guessed types, foreign frames. What the service says goes first."""

    hsts_seconds: Annotated[
        int, Meta(ge=0, le=63_072_000, description="Strict-Transport-Security, over https alone; 0: none (RFC 6797).")
    ] = 31_536_000
    hsts_subdomains: Annotated[bool, Meta(description="Whether that holds for all names below too.")] = False
    nosniff: Annotated[bool, Meta(description="X-Content-Type-Options: nosniff.")] = True
    referrer_policy: Annotated[
        Literal[
            "",
            "no-referrer",
            "no-referrer-when-downgrade",
            "origin",
            "origin-when-cross-origin",
            "same-origin",
            "strict-origin",
            "strict-origin-when-cross-origin",
            "unsafe-url",
        ],
        Meta(description="Referrer-Policy."),
    ] = "strict-origin-when-cross-origin"
    content_security_policy: Annotated[
        Value, Meta(description="Content-Security-Policy.", examples=["default-src 'self'; frame-ancestors 'none'"])
    ] = "frame-ancestors 'none'"
    permissions_policy: Annotated[
        Value, Meta(description="Permissions-Policy.", examples=["camera=(), microphone=()"])
    ] = ""
    override: Annotated[bool, Meta(description="Whether these go before what the service says itself.")] = False

    @cached_property
    def _always(self) -> tuple[Field, ...]:
        said = {
            b"x-content-type-options": "nosniff" if self.nosniff else "",
            b"referrer-policy": self.referrer_policy,
            b"content-security-policy": self.content_security_policy,
            b"permissions-policy": self.permissions_policy,
        }
        return tuple((name, value.encode()) for name, value in said.items() if value)

    @cached_property
    def _over_https(self) -> tuple[Field, ...]:
        if not self.hsts_seconds:
            return self._always
        value = f"max-age={self.hsts_seconds}" + ("; includeSubDomains" if self.hsts_subdomains else "")
        return (*self._always, (b"strict-transport-security", value.encode()))

    def alter(self, request: Request, status: int, fields: list[Field]) -> list[Field]:
        """Add the fields, or put them in place of the service's own."""
        ours = self._over_https if scheme_of(request) == b"https" else self._always
        if self.override:
            names = {name for name, _ in ours}
            return [*(field for field in fields if field[0] not in names), *ours]
        said = {name for name, _ in fields}
        return [*fields, *(field for field in ours if field[0] not in said)]


def security_headers(request: Request, terms: SecurityHeaders) -> None:
    """Have the answer say what browsers are to refuse."""
    request.alterations = (*request.alterations, terms.alter)
