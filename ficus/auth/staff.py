"""
Lets staff into a service's admin by the token that the front door adds, with permissions that follow from roles.

    support    looks at everything
    operator   looks, and does what a model declares as a permission of its own, such as ``cancel_order``
    admin      everything

There is no sign-in form here: a person signs in at the front door. Where a service is reached past it, ``direct`` sends
the person there and back.
"""

import logging
import re
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme

from ficus import context
from ficus.auth import direct, verifier
from ficus.auth.principal import Principal, rank
from ficus.auth.rest import bearer_token
from ficus.errors import DomainError

logger = logging.getLogger(__name__)

ADMIN_PATH = re.compile(r"^/(?:[a-z]+/)?admin(?:/|$)")
CHANGES = ("add_", "change_", "delete_")


class StaffMiddleware(MiddlewareMixin):
    """
    Sets ``request.user`` below an admin's path from a bearer token, or, past the front door, from this service's own
    session; other paths and requests pass untouched.

    The token must be one of the issuer's own front ends: a client that a member of staff has allowed to read orders
    must not be able to do here what that person may do.
    """

    def process_request(self, request: HttpRequest) -> None:
        if not ADMIN_PATH.match(request.path):
            return
        if request.META.get("HTTP_AUTHORIZATION"):
            principal = principal_of(request)
            is_ours = principal is not None and principal.client_id == settings.TOKENS["FIRST_PARTY"]
            request.user = self._user(principal if is_ours else None)
        elif direct.is_direct(request):
            request.user = self._user(direct.principal_of(request))

    @staticmethod
    def _user(principal: Principal | None) -> Any:
        if principal is None or not principal.has_role("support"):
            return AnonymousUser()
        context.amend(actor=principal.subject)
        people: Any = get_user_model()._default_manager
        person: Any = people.for_principal(principal) or AnonymousUser()
        person.has_usable_password = lambda: False  # so that the admin does not offer to change one
        return person


def principal_of(request: HttpRequest) -> Principal | None:
    """Return whose token the request carries, or None if it carries none that is valid."""
    try:
        token = bearer_token(request)
        return verifier.default().verify(token) if token else None
    except DomainError:
        return None


class RoleBackend(BaseBackend):
    """Answers Django's permission questions from the user's ``roles``; it signs nobody in."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        level = self._rank(user_obj)
        codename = perm.partition(".")[2]
        if level >= rank(frozenset({"admin"})):
            return True
        if codename.startswith("view_"):
            return level >= rank(frozenset({"support"}))
        return level >= rank(frozenset({"operator"})) and not codename.startswith(CHANGES)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self._rank(user_obj) >= rank(frozenset({"support"}))

    def get_user(self, user_id: Any) -> Any:
        return get_user_model()._default_manager.filter(pk=user_id).first()

    @staticmethod
    def _rank(user: Any) -> int:
        return rank(frozenset(getattr(user, "roles", None) or ())) if user.is_active else 0


class StaffAdminSite(AdminSite):
    """An admin whose door is the front door's: signing in and out happen there."""

    site_header = site_title = "Ficus"

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """:raises PermissionDenied: if somebody is signed in who is no staff; signing in again would change nothing."""
        if request.META.get("HTTP_AUTHORIZATION"):
            if principal_of(request) is not None:
                raise PermissionDenied("Staff only.")
        elif direct.is_direct(request):
            if direct.principal_of(request) is not None:
                raise PermissionDenied("Staff only.")
            admin = reverse(f"{self.name}:index")
            return HttpResponseRedirect(direct.begin(request, admin=admin, then=self._next(request)))
        return HttpResponseRedirect(f"{settings.PUBLIC_URL}/login?next={quote(self._next(request))}")

    def get_urls(self) -> list[Any]:
        return [path(direct.CALLBACK, self.signed_in, name="signed_in"), *super().get_urls()]

    def signed_in(self, request: HttpRequest) -> HttpResponse:
        """
        Take in whoever comes back from signing in.

        :raises PermissionDenied: if that was not begun with this browser, or has not succeeded.
        """
        if not direct.is_direct(request):
            raise Http404
        try:
            return HttpResponseRedirect(direct.finish(request))
        except direct.SignInFailed as error:
            logger.warning("a sign-in has failed: %s", error)
            raise PermissionDenied("Signing in has failed; try again.") from None

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if direct.is_direct(request) and not request.META.get("HTTP_AUTHORIZATION"):
            if request.method == "POST":
                direct.end(request)
            return HttpResponseRedirect(
                reverse(f"{self.name}:index") if request.method != "POST" else settings.PUBLIC_URL
            )
        return HttpResponseRedirect(f"{settings.PUBLIC_URL}/logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """:raises PermissionDenied: always; whoever keeps passwords changes them, not every service's admin."""
        raise PermissionDenied("Passwords are not changed here.")

    @staticmethod
    def _next(request: HttpRequest) -> str:
        wanted = request.GET.get("next", "")
        return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
