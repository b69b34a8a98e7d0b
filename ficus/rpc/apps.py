"""Makes ``serve_rpc`` known to Django."""

from django.apps import AppConfig


class RpcConfig(AppConfig):
    name = "ficus.rpc"
    label = "ficus_rpc"
