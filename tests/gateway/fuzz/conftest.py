"""The services that stand behind the gateway of the wire tests."""

from tests.gateway.wire.conftest import _services, users

__all__ = ["_services", "users"]
