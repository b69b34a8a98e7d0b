"""The sign-in and sign-out pages, for customers and staff alike: the one place where a browser sends a password."""

import logging

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ficus.auth.staff import principal_of
from gateway.console import signing_in
from gateway.console.signing_in import SignInRefused
from gateway.data.message.refusal import Refusal
from gateway.data.upstream.question import Unanswered

logger = logging.getLogger(__name__)

AWAY = "Signing in is not possible at present. Please try again in a moment."
TRAIL = ("X-Request-ID", "traceparent")


class Credentials(forms.Form):
    username = forms.CharField(
        max_length=254, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        max_length=1024, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
async def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return await _try(request, Credentials(request.POST))
    if principal_of(request) is not None:
        return HttpResponseRedirect(next_address(request))
    return _page(request, Credentials())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
async def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask first: a link to this page must not sign anybody out."""
    if request.method != "POST":
        return render(request, "console/sign_out.html", {"person": principal_of(request)})
    if request.session.session_key:
        await signing_in.sign_out(request.session.session_key)
    await request.session.aflush()
    return HttpResponseRedirect(next_address(request))


async def _try(request: HttpRequest, form: Credentials) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        await _begin_session(request, form.cleaned_data["username"], form.cleaned_data["password"])
    except SignInRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, status=401)
    except (Unanswered, Refusal) as error:
        logger.warning("nobody can sign in: %s", error)
        form.add_error(None, AWAY)
        return _page(request, form, status=503)
    return HttpResponseRedirect(next_address(request))


async def _begin_session(request: HttpRequest, username: str, password: str) -> None:
    """Begin a new session each time, so that nobody can have planted the old one (OWASP, session fixation)."""
    pair = await signing_in.sign_in(
        username=username,
        password=password,
        client_address=request.META.get("REMOTE_ADDR", ""),
        trail={name: request.headers[name] for name in TRAIL if name in request.headers},
    )
    if request.session.session_key:
        await signing_in.sign_out(request.session.session_key)
    await request.session.aflush()
    await request.session.acreate()
    await signing_in.keep(session_key=str(request.session.session_key), pair=pair)


def _page(request: HttpRequest, form: Credentials, status: int = 200) -> HttpResponse:
    return render(request, "console/sign_in.html", {"form": form, "next": next_address(request)}, status=status)


def next_address(request: HttpRequest) -> str:
    """Return where the person wanted to go, if that is on this site; else the front page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if allowed else "/"
