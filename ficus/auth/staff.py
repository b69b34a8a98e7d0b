"""
Lets staff into a service's admin by the token that the front door adds, with the permissions of the groups that their
roles are (``groups``).

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
from ficus.auth.principal import Principal
from ficus.auth.rest import bearer_token
from ficus.auth.roles import group_names
from ficus.errors import DomainError

logger = logging.getLogger(__name__)

ADMIN_PATH = re.compile(r"^/(?:[a-z][a-z0-9_]*/)?admin(?:/|$)")


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
    """
    Answers Django's permission questions from the groups that the user's ``roles`` stand for; it signs nobody in.

    Whoever has a role has the groups of those below it as well. An admin may do everything, whatever the groups say.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return self._is_admin(user_obj) or perm in self.get_all_permissions(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if self._is_admin(user_obj):
            return True
        return any(perm.partition(".")[0] == app_label for perm in self.get_all_permissions(user_obj))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return them as ``app.codename``; asked of the database once for each user object."""
        if not user_obj.is_active:
            return set()
        held: set[str] | None = getattr(user_obj, "_role_permissions", None)
        if held is None:
            held = user_obj._role_permissions = self._of_groups(group_names(user_obj))
        return held

    def get_user(self, user_id: Any) -> Any:
        return get_user_model()._default_manager.filter(pk=user_id).first()

    @staticmethod
    def _is_admin(user: Any) -> bool:
        return bool(user.is_active) and "admin" in group_names(user)

    @staticmethod
    def _of_groups(names: list[str]) -> set[str]:
        from django.contrib.auth.models import Permission  # not before there are models

        found = Permission.objects.filter(group__name__in=names) if names else Permission.objects.none()
        return {f"{app}.{name}" for app, name in found.values_list("content_type__app_label", "codename")}


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
        except direct.UsersAway as error:
            return HttpResponse(f"{error.detail}.", status=error.status, headers={"Retry-After": "1"})
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
