"""``GET /me``: a person at a glance, from all services at once."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from ficus.auth.principal import Principal
from ficus.auth.staff import principal_of
from ficus.errors import Forbidden, Unauthorized
from gateway.console.composing.parts import Part, compose
from gateway.console.views.problems import answers_problems

RECENT = 5


@csrf_exempt
@require_safe
@answers_problems
async def me(request: HttpRequest) -> HttpResponse:
    """Answer with what there is; ``degraded`` names the services of which a part is missing."""
    person = _person(request)
    found = await compose(
        request,
        Part("user", "users", "/users/me", needs="id"),
        Part("credit", "users", f"/users/{person.id}/credit", needs="available"),
        Part("orders", "orders", f"/orders?customer_id={person.id}&limit={RECENT}", needs="results"),
    )
    answer = {
        "user": found.parts.get("user") or _as_the_token_says(person),
        "credit": found.parts.get("credit"),
        "recent_orders": found.parts.get("orders", {}).get("results", []),
        "degraded": found.degraded,
    }
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def _person(request: HttpRequest) -> Principal:
    """
    Return whose token the request carries; the data path has verified it, so this does not wait.

    :raises Unauthorized: if there is none.
    :raises Forbidden: if it is a program's.
    """
    principal = principal_of(request)
    if principal is None:
        raise Unauthorized("Sign in first.")
    if principal.id is None:
        raise Forbidden("A program is nobody.")
    return principal


def _as_the_token_says(person: Principal) -> dict[str, object]:
    return {"id": str(person.id), "username": person.username, "roles": sorted(person.roles)}
