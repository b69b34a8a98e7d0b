"""Makes the sagas a Django app, and has the relay process watch their deadlines."""

from django.apps import AppConfig


class SagasConfig(AppConfig):
    name = "ficus.sagas"
    label = "ficus_sagas"
    verbose_name = "Sagas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils import timezone

        from ficus.events import catch_up, chores
        from ficus.sagas import timers

        def sweep() -> int:
            return timers.sweep(at=timezone.now(), followed_since=catch_up.followed_since())

        chores.register(chores.Chore("saga deadlines", sweep))
