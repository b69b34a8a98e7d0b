from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GroupsConfig(AppConfig):
    name = "ficus.auth.groups"
    label = "ficus_groups"

    def ready(self) -> None:
        from ficus.auth.groups.mapping import map_roles

        post_migrate.connect(map_roles, dispatch_uid="ficus.auth.groups")
