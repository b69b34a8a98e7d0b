from django.apps import AppConfig


class AuthConfig(AppConfig):
    name = "ficus.auth"
    label = "ficus_auth"
    verbose_name = "People"
