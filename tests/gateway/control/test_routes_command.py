from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from gateway.control.models import Route, Service

pytestmark = pytest.mark.django_db


class TestRoutesCommand:
    def test_lists_the_table(self) -> None:
        out = StringIO()

        call_command("routes", stdout=out)

        lines = out.getvalue().splitlines()
        assert lines[0] == f"version 1, {Route.objects.count()} routes"
        assert "/products/* any method orders optional 2 s products" in [" ".join(line.split()) for line in lines]
        assert any("Prefer: wait" in line and line.startswith("/orders ") for line in lines)

    def test_names_every_mistake_of_a_table_that_is_not_sound(self) -> None:
        orders = Service.objects.get(name="orders")
        Route.objects.create(name="bad", service=orders, path="/admin")

        with pytest.raises(CommandError, match="bad: it would hide /admin") as failed:
            call_command("routes", stdout=StringIO())

        assert failed.value.returncode == 1
