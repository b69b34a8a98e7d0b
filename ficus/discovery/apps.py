"""Makes what ``doctor`` finds out about the registry known to Django."""

from django.apps import AppConfig


class DiscoveryConfig(AppConfig):
    name = "ficus.discovery"
    label = "ficus_discovery"
