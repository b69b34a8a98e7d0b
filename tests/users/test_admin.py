import pytest
from django.test import Client

from apps.users import services
from apps.users.models import CreditAccount, User
from apps.users.services import Reservation
from contracts.users import events
from ficus.events import log
from tests.users.conftest import NOW, as_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(register):
    return {role: register(f"the-{role}", roles=(role,)) for role in ("support", "operator", "admin")}


def act(user, model, action, rows, **fields):
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows], **fields}
    return Client().post(f"/users/admin/users/{model}/", body, follow=True, **as_user(user))


class TestDoor:
    def test_is_the_front_door_s(self, settings):
        answer = Client().get("/users/admin/", follow=False)

        assert answer.status_code == 302
        there = Client().get(answer["Location"])
        assert there["Location"].startswith(f"{settings.PUBLIC_URL}/login?next=")

    def test_is_shut_for_customers(self, ada):
        answer = Client().get("/users/admin/", **as_user(ada), follow=True)

        assert answer.status_code == 403

    def test_is_shut_for_a_client_that_holds_a_token_of_staff(self, staff):
        answer = Client().get("/users/admin/users/user/", **as_user(staff["admin"], client_id="budget"))

        assert answer.status_code != 200

    def test_does_not_change_passwords(self, staff):
        identity = as_user(staff["admin"])

        offered = "password_change" in Client().get("/users/admin/", **identity).content.decode()
        answer = Client().get("/users/admin/password_change/", **identity)

        assert (offered, answer.status_code) == (False, 403)

    def test_is_shut_for_staff_who_were_deactivated(self, staff):
        services.deactivate_user(user_id=staff["admin"].id, reason="left")

        answer = Client().get("/users/admin/users/user/", **as_user(staff["admin"]))

        assert answer.status_code != 200


class TestPages:
    def test_begin_with_what_there_is(self, staff):
        page = Client().get("/users/admin/", **as_user(staff["support"]))

        names = {model["object_name"] for app in page.context["app_list"] for model in app["models"]}
        assert page.status_code == 200
        assert {"User", "CreditAccount", "CreditHold", "Application", "LogEntry", "ParkedEvent"} <= names

    @pytest.mark.parametrize("role", ["support", "operator", "admin"])
    @pytest.mark.parametrize(
        "page",
        [
            "user/",
            "user/?q=ada",
            "user/?role=customer",
            "user/?is_active__exact=1",
            "creditaccount/?q=ada",
            "credithold/?q=ada",
            "failedsignins/",
        ],
    )
    def test_are_shown_to_staff(self, staff, ada, role, page):
        answer = Client().get(f"/users/admin/users/{page}", **as_user(staff[role]))

        assert answer.status_code == 200

    def test_keep_what_is_searched_for(self, staff, ada):
        page = Client().get("/users/admin/users/user/?q=lovelace", **as_user(staff["support"]))

        assert [user.username for user in page.context["cl"].result_list] == ["ada"]

    def test_show_the_ledger_and_the_orders_of_an_account(self, staff, ada):
        reservation = Reservation(order_id=ada.id, customer_id=ada.id, currency="EUR", amount=1234)
        services.reserve_credit(reservation=reservation, at=NOW)

        page = Client().get(f"/users/admin/users/creditaccount/{ada.id}/change/", **as_user(staff["support"]))

        text = page.content.decode()
        assert page.status_code == 200
        assert "joined" in text
        assert text.count("1234") >= 3
        assert 'name="_save"' not in text

    def test_link_a_person_to_the_credit(self, staff, ada):
        page = Client().get(f"/users/admin/users/user/{ada.id}/change/", **as_user(staff["support"]))

        assert f"/users/admin/users/creditaccount/{ada.id}/change/" in page.content.decode()
        assert 'name="_save"' not in page.content.decode()

    def test_let_admins_alone_edit_clients(self, staff):
        answers = {
            role: Client().get("/users/admin/oauth2_provider/application/add/", **as_user(user)).status_code
            for role, user in staff.items()
        }

        assert answers == {"support": 403, "operator": 403, "admin": 200}


class TestActions:
    def test_deactivate_and_reactivate_with_the_reason_and_who_did_it(self, staff, ada):
        act(staff["operator"], "user", "deactivate", [ada], reason="fraud")
        act(staff["operator"], "user", "reactivate", [ada])

        history = log.history("user", ada.id)[1:]
        assert [entry.event() for entry in history] == [
            events.UserDeactivated(user_id=ada.id, reason="fraud"),
            events.UserReactivated(user_id=ada.id, reason="by staff"),
        ]
        assert {entry.metadata["actor"] for entry in history} == {str(staff["operator"].id)}

    def test_say_for_whom_it_was_not_possible(self, staff, ada, register):
        services.deactivate_user(user_id=ada.id, reason="left")
        eve = register("eve")

        page = act(staff["operator"], "user", "deactivate", [ada, eve])

        assert sorted(str(message) for message in page.context["messages"]) == [
            "1 deactivated.",
            "ada: ada is deactivated already",
        ]

    def test_grant_credit(self, staff, ada):
        account = CreditAccount.objects.get(customer=ada)

        act(staff["operator"], "creditaccount", "grant", [account], amount="500", reason="loyalty")

        assert CreditAccount.objects.get(customer=ada).granted == 100_500
        granted = events.CreditGranted(customer_id=ada.id, amount=500, currency="EUR", reason="loyalty")
        assert log.history("credit", ada.id)[-1].event() == granted

    @pytest.mark.parametrize("amount", ["", "0", "-5", "much"])
    def test_grant_nothing_without_an_amount(self, staff, ada, amount):
        account = CreditAccount.objects.get(customer=ada)

        page = act(staff["operator"], "creditaccount", "grant", [account], amount=amount)

        assert [str(message) for message in page.context["messages"]] == [
            "Say how much, in minor units of the currency."
        ]
        assert CreditAccount.objects.get(customer=ada).granted == 100_000

    def test_give_roles_by_admins_alone(self, staff, ada):
        act(staff["operator"], "user", "give_roles", [ada], roles=["admin"])
        assert User.objects.get(pk=ada.id).roles == ["customer"]

        act(staff["admin"], "user", "give_roles", [ada], roles=["customer", "support"], reason="hired")

        assert User.objects.get(pk=ada.id).roles == ["customer", "support"]

    def test_are_not_for_support(self, staff, ada):
        act(staff["support"], "user", "deactivate", [ada], reason="fraud")
        act(staff["support"], "creditaccount", "grant", [CreditAccount.objects.get(customer=ada)], amount="500")

        assert User.objects.get(pk=ada.id).is_active
        assert CreditAccount.objects.get(customer=ada).granted == 100_000
