"""Roles are Django's groups and permissions in every service; proves semantics, section 6."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from ficus.auth.groups.mapping import ROLES
from ficus.auth.roles import RoleHolder, group_names
from ficus.auth.staff import RoleBackend

pytestmark = pytest.mark.django_db
CHANGES = ("add_", "change_", "delete_")
# Of each app that may be installed: what operators may do, and what is for admins alone.
OWN = {
    "apps.users": (
        {"users.deactivate_user", "users.grant_credit", "users.lift_lock_out"},
        {"users.change_roles", "users.delete_user"},
    ),
    "apps.orders": ({"orders.fulfil_order", "orders.offer_product"}, {"orders.change_order"}),
    "ficus.events": ({"ficus_events.operate_parkedevent"}, {"ficus_events.delete_parkedevent"}),
    "ficus.sagas": ({"ficus_sagas.operate_sagainstance"}, {"ficus_sagas.change_sagainstance"}),
}
HERE = [own for app, own in OWN.items() if app in settings.INSTALLED_APPS]


def person(*roles: str, is_active: bool = True) -> Any:
    return SimpleNamespace(roles=roles, is_active=is_active)


def held(*roles: str) -> set[str]:
    return RoleBackend().get_all_permissions(person(*roles))


def every(kind: Any) -> set[str]:
    """Return the permissions of this service whose codename is of the kind."""
    found = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{name}" for app, name in found if kind(name)}


class TestGroups:
    def test_are_the_roles(self) -> None:
        assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)

    def test_begin_with_what_a_role_is_for(self) -> None:
        looks, edits = every(lambda name: name.startswith("view_")), every(lambda name: name.startswith(CHANGES))

        assert held("support") == looks
        assert held("operator") == every(lambda name: not name.startswith(CHANGES))
        assert held("admin") == held("operator") | edits
        assert looks
        assert edits

    def test_know_what_this_service_s_own_actions_ask_for(self) -> None:
        for for_operators, for_admins in HERE:
            assert for_operators <= held("operator")
            assert not held("support") & for_operators
            assert not held("operator") & for_admins
            assert for_admins <= held("admin")

    def test_keep_what_an_admin_has_decided(self) -> None:
        support = Group.objects.get(name="support")
        taken, given = Permission.objects.get(codename="view_group"), Permission.objects.get(codename="change_group")
        support.permissions.remove(taken)
        support.permissions.add(given)

        call_command("migrate", verbosity=0)

        assert "auth.view_group" not in held("support")
        assert "auth.change_group" in held("support")

    def test_are_given_what_is_new(self) -> None:
        kind = ContentType.objects.get_for_model(Group)
        for codename in ("view_news", "tell_news", "delete_news"):
            Permission.objects.create(codename=codename, name=codename, content_type=kind)

        call_command("migrate", verbosity=0)

        of_news = {role: {perm for perm in held(role) if perm.endswith("_news")} for role in ROLES}
        assert of_news == {
            "support": {"auth.view_news"},
            "operator": {"auth.view_news", "auth.tell_news"},
            "admin": {"auth.view_news", "auth.tell_news", "auth.delete_news"},
        }


class TestRoleBackend:
    def test_follows_the_groups(self) -> None:
        Group.objects.get(name="operator").permissions.clear()

        assert held("operator") == held("support")
        assert not RoleBackend().has_perm(person("operator"), "auth.change_group")

    def test_lets_an_admin_do_everything_whatever_the_groups_say(self) -> None:
        Group.objects.get(name="admin").permissions.clear()

        assert RoleBackend().has_perm(person("admin"), "auth.change_group")

    def test_asks_the_database_once_for_a_person_and_never_for_a_customer(self, django_assert_num_queries: Any) -> None:
        sam = person("support")

        with django_assert_num_queries(1):
            assert RoleBackend().has_perm(sam, "auth.view_group")
            assert not RoleBackend().has_perm(sam, "auth.change_group")
        with django_assert_num_queries(0):
            assert not RoleBackend().has_perm(person("customer"), "auth.view_group")

    def test_shows_an_app_to_staff_alone(self) -> None:
        seen = {role: RoleBackend().has_module_perms(person(role), "auth") for role in ("customer", *ROLES)}

        assert seen == {"customer": False, "support": True, "operator": True, "admin": True}
        assert not RoleBackend().has_module_perms(person(), "auth")


class TestRoleHolder:
    def test_is_in_the_groups_of_its_role_and_of_those_below(self) -> None:
        class Somebody(RoleHolder):
            roles = ("customer", "operator")

        assert {group.name for group in Somebody().groups} == {"support", "operator"}
        assert "auth.view_group" in Somebody().get_all_permissions()
        assert group_names(person("customer")) == []
