"""What an admin needs to have a page and permissions for the configuration. There is no table: the store keeps it."""

from django.db import models


class Configuration(models.Model):  # noqa: DJ008 - there are no rows to name
    class Meta:
        managed = False
        verbose_name = verbose_name_plural = "configuration"
        default_permissions = ("view",)
        permissions = [("operate_configuration", "Can change what is set centrally")]
