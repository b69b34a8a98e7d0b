"""Third policy: who asks. A bearer token speaks for itself; a browser's session cookie stands for one."""

from collections.abc import Awaitable
from urllib.parse import quote

from gateway.data.message.cookies import value_of
from gateway.data.message.peer import scheme_of
from gateway.data.message.refusal import Refusal
from gateway.data.message.request import Request
from gateway.data.routing.route import Access

LONGEST_SESSION_KEY = 64
CHALLENGE = b'Bearer realm="ficus"'


def authenticate(request: Request) -> Awaitable[None] | None:
    """
    Set the principal and the ``Authorization`` to pass on.

    Waits where the session or the issuer's keys are not at hand.

    :raises Refusal: 401 if a token does not hold, or none is there and the route asks for one; 403 if another site's
        page uses the session for an unsafe request; 503 if nothing is there to check the token with.
    """
    given = request.fields.get(b"authorization", b"")
    request.authorization = given
    if request.route.access is Access.PUBLIC:
        return None
    scheme, _, token = given.partition(b" ")
    if scheme.lower() == b"bearer":
        return _by_token(request, token.strip(b" "))
    session_key = _session_key(request)
    if session_key and not given:
        return _by_session(request, session_key)
    _require_principal(request)
    return None


def _by_token(request: Request, token: bytes) -> Awaitable[None] | None:
    request.authorization = b"Bearer " + token
    principal = request.gateway.tokens.check(token)
    if principal is None:
        return _verify(request, token)
    request.principal = principal
    return None


async def _verify(request: Request, token: bytes) -> None:
    request.principal = await request.gateway.tokens.verify(token)


def _session_key(request: Request) -> bytes:
    cookie = request.fields.get(b"cookie")
    key = value_of(cookie, request.gateway.session_cookie) if cookie else b""
    return key if len(key) <= LONGEST_SESSION_KEY else b""


def _by_session(request: Request, session_key: bytes) -> Awaitable[None] | None:
    known, token = request.gateway.sessions.recall(session_key)
    if not known:
        return _look_up(request, session_key)
    return _as_signed_in(request, session_key, token)


async def _look_up(request: Request, session_key: bytes) -> None:
    token = await request.gateway.sessions.find(session_key)
    waiting = _as_signed_in(request, session_key, token)
    if waiting is not None:
        await waiting


def _as_signed_in(request: Request, session_key: bytes, token: bytes) -> Awaitable[None] | None:
    """Go on as the session's person, with another token if this one is refused before its time."""
    if token:
        _require_same_origin(request)
        try:
            waiting = _by_token(request, token)
        except Refusal as refusal:
            _require_unauthorized(refusal)
            return _with_another(request, session_key, token)
        return None if waiting is None else _else_with_another(waiting, request, session_key, token)
    _require_principal(request)
    return None


async def _else_with_another(waiting: Awaitable[None], request: Request, session_key: bytes, token: bytes) -> None:
    try:
        await waiting
    except Refusal as refusal:
        _require_unauthorized(refusal)
        await _with_another(request, session_key, token)


async def _with_another(request: Request, session_key: bytes, refused: bytes) -> None:
    """Trade the session's token for one that holds; a session that has none to be had is as good as none."""
    token = await request.gateway.sessions.find(session_key, refused)
    try:
        if token and (waiting := _by_token(request, token)) is not None:
            await waiting
    except Refusal as refusal:
        _require_unauthorized(refusal)
    if request.principal is None:
        request.authorization = b""
        _require_principal(request)


def _require_unauthorized(refusal: Refusal) -> None:
    """:raises Refusal: the same, unless it says that the token does not hold."""
    if refusal.status != 401:
        raise refusal


def _require_same_origin(request: Request) -> None:
    """Refuse what another site's page makes a signed-in browser send (Fetch Metadata; RFC 6454)."""
    if request.is_safe:
        return
    site = request.fields.get(b"sec-fetch-site")
    if site == b"same-origin" or (site is None and request.fields.get(b"origin") in _own_origins(request)):
        return
    raise Refusal(403, "cross_origin", "A browser's session serves this site's own pages only.")


def _own_origins(request: Request) -> tuple[bytes, ...]:
    return request.gateway.public_origin, b"%b://%b" % (scheme_of(request), request.fields[b"host"])


def _require_principal(request: Request) -> None:
    if request.route.access is not Access.SIGNED_IN:
        return
    location = b""
    if request.wants_page:
        location = b"/login?next=" + quote(request.path + request.query, safe="/").encode()
    raise Refusal(401, "unauthorized", "Sign in first.", headers=((b"www-authenticate", CHALLENGE),), location=location)
