from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from gateway.control import document, snapshot
from gateway.control.models import Revision, Route, Service

pytestmark = pytest.mark.django_db


def table(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("table", *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The table in force, as a file."""
    path = tmp_path / "table.yaml"
    table("export", str(path))
    return path


def change(file: Path, **routes: Any) -> None:
    said = yaml.safe_load(file.read_text())
    said["routes"].update(routes)
    file.write_text(yaml.safe_dump(said))


class TestTable:
    def test_applied_as_it_was_exported_is_no_change(self, file: Path) -> None:
        version = snapshot.version()

        assert table("apply", str(file)) == f"no change\nversion {version}, as it was\n"
        assert table("export") == file.read_text()
        assert snapshot.version() == version

    def test_shows_what_would_change_and_then_changes_it(self, file: Path) -> None:
        change(file, products={"service": "orders", "path": "/goods", "access": "optional"})
        shown = "~ route products\n    path: /products -> /goods\n"

        assert table("diff", str(file)) == shown
        assert document.current()["routes"]["products"]["path"] == "/products"
        assert table("apply", str(file), reason="Renamed", by="olga") == f"{shown}version 2\n"
        assert document.current() == yaml.safe_load(file.read_text())
        assert Revision.objects.get(number=2).reason == "Renamed"
        assert Revision.objects.get(number=2).by == "olga"

    @pytest.mark.parametrize("action", ["validate", "diff", "apply"])
    def test_names_every_mistake_in_one_line_and_changes_nothing(self, file: Path, action: str) -> None:
        before = document.current()
        change(file, a={"service": "orders", "path": "/admin"}, b={"service": "stock", "path": "/b"})

        with pytest.raises(CommandError) as refused:
            table(action, str(file))

        assert str(refused.value) == (
            "the table is not sound, 2 mistakes: b: stock is no service; "
            "a: it would hide /admin, which the gateway answers itself"
        )
        assert refused.value.returncode == 2
        assert document.current() == before

    def test_validates_what_is_in_force(self) -> None:
        services, routes = Service.objects.count(), Route.objects.count()

        assert table("validate") == f"sound: {services} services, {routes} routes\n"

    def test_changes_nothing_if_the_table_is_another_than_expected(self, file: Path) -> None:
        change(file, more={"service": "orders", "path": "/more"})

        with pytest.raises(CommandError, match="it is version 1 now") as refused:
            table("apply", str(file), expect=7)

        assert refused.value.returncode == 2
        assert "more" not in document.current()["routes"]

    @pytest.mark.parametrize("engine", ["nginx", "envoy", "gateway-api"])
    def test_is_rendered_for_another_engine_and_says_what_is_lost(
        self, engine: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rendered = table("render", engine)

        lost = [line.partition("by ")[2] for line in capsys.readouterr().err.splitlines()]
        assert any(line.startswith(f"{engine}: orders: signed in: ") for line in lost)
        assert [line for line in lost if f"# Not kept. {line.removeprefix(f'{engine}: ')}\n" not in rendered] == []

    def test_is_not_rendered_where_an_address_is_known_to_the_registry_alone(self, file: Path, settings: Any) -> None:
        settings.DISCOVERY = {"URL": "static:", "AS": [], "HOST": ""}
        stock = {"services": {"stock": {"terms": {"discover": "stock"}}}}
        file.write_text(yaml.safe_dump({**stock, "routes": {"stock": {"service": "stock", "path": "/stock"}}}))

        with pytest.raises(CommandError, match="only the registry knows where stock is") as refusal:
            table("render", "nginx", str(file))

        assert refusal.value.returncode == 2

    def test_is_not_rendered_with_success_if_nothing_may_be_lost(self, file: Path) -> None:
        open_route = {"service": "orders", "path": "/goods", "access": "public"}
        file.write_text(yaml.safe_dump({"services": {"orders": {}}, "routes": {"goods": open_route}}))

        assert 'location "/goods/" {' in table("render", "nginx", str(file), strict=True)
        with pytest.raises(CommandError, match="nginx does not keep all of the table") as failed:
            table("render", "nginx", strict=True)
        assert failed.value.returncode == 1

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("frob",), "frob is no action"),
            (("apply",), "say what to apply"),
            (("render", "apache"), "say for which engine: nginx, envoy, gateway-api"),
            (("apply", "/nowhere"), "/nowhere cannot be read"),
        ],
    )
    def test_says_how_it_is_used(self, arguments: tuple[str, ...], words: str) -> None:
        with pytest.raises(CommandError, match=words) as refused:
            table(*arguments)

        assert refused.value.returncode == 2

    def test_refuses_what_is_no_yaml(self, tmp_path: Path) -> None:
        file = tmp_path / "table.yaml"
        file.write_text("a: [")

        with pytest.raises(CommandError, match="is no YAML"):
            table("apply", str(file))
