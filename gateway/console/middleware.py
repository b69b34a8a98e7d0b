"""What browsers are told of the gateway's own pages: console, docs, sign-in. Proxied answers never come here."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# The admin's scripts evaluate text, so what scripts may do is left open; where pages may stand is not.
POLICY = "frame-ancestors 'none'; base-uri 'self'; object-src 'none'"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=()"


class OwnPages:
    """Says it of every answer that does not say something else itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
