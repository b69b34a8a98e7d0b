from django.apps import AppConfig


class HttpConfig(AppConfig):
    name = "ficus.http"
    label = "ficus_http"
    verbose_name = "HTTP"
