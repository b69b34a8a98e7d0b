from django.apps import AppConfig


class StationConfig(AppConfig):
    name = "tests.processes.station"
    label = "station"

    def ready(self) -> None:
        from tests.processes.station import handlers  # noqa: F401
