"""The walls of the house: which deployables there are, who owns which model, what never appears in an app."""

import json
import re
from dataclasses import dataclass
from functools import cache

import pytest

from config.services import NAMES
from tests.commands import ROOT, manage

SERVICES = sorted(("gateway", *NAMES))
DEPLOYABLES = sorted(("monolith", *SERVICES))
OURS = ("apps.", "gateway.")

DESCRIBE_MODELS = """
import json
from django.apps import apps
describe = lambda model: [model._meta.label, model.__module__]
print(json.dumps([
    {"label": model._meta.label, "module": model.__module__, "pk": type(model._meta.pk).__name__,
     "relations": [[field.name, *describe(field.related_model)] for field in model._meta.get_fields()
                   if field.is_relation and not field.auto_created and isinstance(field.related_model, type)]}
    for model in apps.get_models()
]))
"""


@dataclass(frozen=True)
class Model:
    """
    A model as one deployable sees it.

    :ivar relations: each field that names another model, with that model's room.
    """

    label: str
    room: str
    relations: tuple[tuple[str, str], ...]


def room(module: str) -> str:
    """Return who owns a module: ``apps.orders``, ``gateway.control``, ``ficus.events`` or a library."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in ("apps", "gateway", "ficus") else parts[0]


@cache
def models(deployable: str) -> tuple[Model, ...]:
    done = manage(deployable, "shell", "-v", "0", "-c", DESCRIBE_MODELS)
    assert done.returncode == 0, done.stderr
    return tuple(
        Model(
            label=each["label"],
            room=room(each["module"]),
            relations=tuple((name, room(module)) for name, _, module in each["relations"]),
        )
        for each in json.loads(done.stdout)
    )


class TestDeployables:
    def test_are_the_folders_of_config_that_hold_settings(self) -> None:
        assert sorted(path.parent.name for path in ROOT.glob("config/*/settings.py")) == DEPLOYABLES

    @pytest.mark.parametrize("deployable", DEPLOYABLES)
    def test_pass_django_s_checks(self, deployable: str) -> None:
        done = manage(deployable, "check", "--fail-level", "WARNING")

        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("deployable", DEPLOYABLES)
    def test_need_no_migration_that_is_not_written(self, deployable: str) -> None:
        done = manage(deployable, "makemigrations", "--check", "--dry-run")

        assert (done.returncode, done.stdout.strip()) == (0, "No changes detected"), done.stdout + done.stderr

    def test_act_by_name_or_by_environment(self) -> None:
        by_name = manage(
            "orders", "shell", "-v", "0", "-c", "from django.conf import settings; print(settings.SERVICE)"
        )
        by_environment = manage(
            "shell", "-v", "0", "-c", "from django.conf import settings; print(settings.SERVICE)", SERVICE="gateway"
        )

        assert (by_name.stdout.strip(), by_environment.stdout.strip()) == ("orders", "gateway")

    def test_refuse_a_name_that_is_none_of_theirs(self) -> None:
        done = manage("check", SERVICE="stock")

        assert done.returncode == 2
        assert done.stderr.splitlines() == [
            f"manage.py: SERVICE=stock names no deployable; there are: {', '.join(DEPLOYABLES)}"
        ]


class TestModels:
    def test_have_one_owner_each(self) -> None:
        owners: dict[str, set[str]] = {}
        for service in SERVICES:
            for model in models(service):
                if model.room.startswith(OURS):
                    owners.setdefault(model.label, set()).add(service)

        assert {label: sorted(found) for label, found in owners.items() if len(found) != 1} == {}
        assert {"users.User", "orders.Order"} <= owners.keys()

    def test_are_the_same_in_the_monolith(self) -> None:
        apart = {model.label for name in NAMES for model in models(name) if model.room.startswith("apps.")}
        together = {model.label for model in models("monolith") if model.room.startswith("apps.")}

        assert together == apart

    @pytest.mark.parametrize("deployable", DEPLOYABLES)
    def test_name_no_model_of_another_app_in_a_relation(self, deployable: str) -> None:
        crossing = [
            f"{model.label}.{name} -> {target}"
            for model in models(deployable)
            for name, target in model.relations
            if target != model.room and crosses_a_wall(model.room, target)
        ]

        assert crossing == []


def crosses_a_wall(source: str, target: str) -> bool:
    """
    Tell whether a relation joins what may be split apart.

    Django's and OAuth's own tables live wherever the accounts do and may name them; nothing of ours may name another
    app's model or the library's.
    """
    return source.startswith(("apps.", "gateway.", "ficus.")) and target.startswith(("apps.", "gateway.", "ficus."))


class TestApps:
    @pytest.mark.parametrize("folder", ["apps", "contracts"])
    def test_never_ask_which_service_or_shape_they_run_in(self, folder: str) -> None:
        asking = [
            f"{path.relative_to(ROOT)}: {line.strip()}"
            for path in ROOT.glob(f"{folder}/**/*.py")
            for line in path.read_text().splitlines()
            if re.search(r"\bSERVICE\b|\bSHAPE\b|settings\.SERVICE", line)
        ]

        assert asking == []

    def test_hold_no_foreign_key_by_name_to_another_app(self) -> None:
        """Neither import-linter nor Django sees a relation that is written as a string."""
        named = re.compile(r"(?:ForeignKey|OneToOneField|ManyToManyField)\(\s*[\"'](\w+)\.")
        crossing = [
            f"{path.relative_to(ROOT)}: {label}"
            for path in ROOT.glob("apps/*/**/*.py")
            if "migrations" not in path.parts
            for label in named.findall(path.read_text())
            if label not in (path.relative_to(ROOT).parts[1], "auth", "contenttypes")
        ]

        assert crossing == []
