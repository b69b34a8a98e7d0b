"""A token is refused everywhere once its session has ended; proves semantics, section 6."""

import requests

from tests.e2e.people import Person
from tests.e2e.system import System, eventually, in_services

OWN = {"users": "/users/me", "monolith": "/orders"}


def past_the_front_door(system: System, person: Person) -> dict[str, int]:
    """Return what each service itself answers to the person's token."""
    header = {"Authorization": str(person.session.headers["Authorization"])}
    return {
        service: requests.get(url + OWN.get(service, f"/{service}"), headers=header, timeout=30).status_code
        for service, url in system.service_urls.items()
    }


class TestSignedOut:
    def test_person_s_token_is_refused_at_the_front_door_before_it_expires(self, system: System, guest: Person) -> None:
        elsewhere = Person.sign_in(system.url, guest.username, "a-fig-a-day-keeps")
        assert guest.get("/orders").status_code == 200

        guest.post("/auth/revoke", {"refresh_token": guest.refresh_token})

        status = eventually(lambda: guest.get("/orders").status_code, lambda status: status != 200)
        assert status == 401
        assert elsewhere.get("/orders").status_code == 200

    def test_person_s_token_is_refused_by_every_service_itself(self, system: System, guest: Person) -> None:
        elsewhere = Person.sign_in(system.url, guest.username, "a-fig-a-day-keeps")
        assert set(past_the_front_door(system, guest).values()) == {200}

        guest.post("/auth/revoke", {"refresh_token": guest.refresh_token})

        statuses = eventually(
            lambda: past_the_front_door(system, guest), lambda statuses: set(statuses.values()) == {401}
        )
        assert statuses == dict.fromkeys(system.service_urls, 401)
        assert set(past_the_front_door(system, elsewhere).values()) == {200}

    @in_services
    def test_person_s_token_stays_refused_while_users_is_away(self, system: System, guest: Person) -> None:
        def orders(person: Person) -> int:
            header = {"Authorization": str(person.session.headers["Authorization"])}
            return requests.get(f"{system.service_urls['orders']}/orders", headers=header, timeout=30).status_code

        elsewhere = Person.sign_in(system.url, guest.username, "a-fig-a-day-keeps")
        guest.post("/auth/revoke", {"refresh_token": guest.refresh_token})
        assert eventually(lambda: orders(guest), lambda status: status != 200) == 401

        system.processes.stop("users-web")

        assert (orders(guest), orders(elsewhere)) == (401, 200)

    def test_deactivated_person_is_kept_out_everywhere(self, system: System, guest: Person) -> None:
        root = system.demo_person("root")
        assert guest.get("/orders").status_code == 200

        assert root.post(f"/users/{guest.id}/deactivate", {"reason": "asked to leave"}).status_code == 200

        assert eventually(lambda: guest.get("/orders").status_code, lambda status: status != 200) == 401
        statuses = eventually(
            lambda: past_the_front_door(system, guest), lambda statuses: set(statuses.values()) == {401}
        )
        assert statuses == dict.fromkeys(system.service_urls, 401)
