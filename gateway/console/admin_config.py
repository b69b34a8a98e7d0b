"""Takes the place of ``django.contrib.admin`` in INSTALLED_APPS, with the gateway's own site."""

from django.contrib.admin.apps import AdminConfig


class GatewayAdmin(AdminConfig):
    default_site = "gateway.console.site.GatewaySite"
