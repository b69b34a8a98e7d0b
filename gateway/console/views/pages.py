"""The front page: where everything is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ficus.auth.staff import principal_of


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    person = principal_of(request)
    context = {"person": person, "is_staff": person is not None and person.has_role("support")}
    return render(request, "console/front.html", context)
