"""Takes in a member of staff, as Django's command of this name does; production has no other way to its first one."""

import os
from getpass import getpass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.users import services
from apps.users.models import Role
from apps.users.serializers import RegisterUser
from ficus.errors import DomainError

PASSWORD_VARIABLE = "DJANGO_SUPERUSER_PASSWORD"  # noqa: S105 - its name, not its value


class Command(BaseCommand):
    help = f"Take in a member of staff. The password is asked for, or taken from {PASSWORD_VARIABLE} with --noinput."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", choices=[role.value for role in Role], default=Role.ADMIN.value)
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="asks")

    def handle(self, *args: Any, username: str, email: str, role: str, asks: bool, **options: Any) -> None:
        password = _asked_password() if asks else os.environ.get(PASSWORD_VARIABLE, "")
        person = RegisterUser(data={"username": username, "email": email, "password": password})
        if not person.is_valid():
            mistakes = (f"{field}: {' '.join(map(str, reasons))}" for field, reasons in person.errors.items())
            raise CommandError("; ".join(mistakes), returncode=2)
        try:
            user = services.register_user(
                username=username,
                email=email,
                password_hash=make_password(password),
                roles=[Role.CUSTOMER.value, role],
                at=timezone.now(),
            )
        except DomainError as error:
            raise CommandError(error.detail, returncode=2) from error
        self.stdout.write(f"{user.username} is {role}, with the id {user.id}")


def _asked_password() -> str:
    password = getpass("Password: ")
    if password != getpass("Password (again): "):
        raise CommandError("the passwords differ", returncode=2)
    return password
