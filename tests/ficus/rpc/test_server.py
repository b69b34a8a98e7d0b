"""The gRPC server: health, reflection, ports, stopping."""

from typing import Any

import grpc
import pytest
from django.conf import settings
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from ficus.rpc.server import CannotListen, Server

SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
def channel(server: Server) -> Any:
    with grpc.insecure_channel(settings.RPC["UPSTREAMS"]["users"]) as opened:
        yield opened


class TestServer:
    @pytest.mark.parametrize("service", ["", "ficus.users.v1.Users", "ficus.events.v1.EventLog"])
    def test_is_healthy_as_a_whole_and_by_service(self, channel: Any, service: str) -> None:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service), timeout=20)

        assert answer.status == SERVING

    def test_tells_its_services_and_their_methods(self, channel: Any) -> None:
        database = ProtoReflectionDescriptorDatabase(channel)

        assert sorted(database.get_services()) == [
            "ficus.events.v1.EventLog",
            "ficus.users.v1.Users",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        ]
        methods = database.FindFileContainingSymbol("ficus.events.v1.EventLog").service[0].method
        assert [method.name for method in methods] == ["Read", "Tell"]

    def test_refuses_a_port_that_is_taken(self, server: Server) -> None:
        address = settings.RPC["UPSTREAMS"]["users"]

        with pytest.raises(CannotListen, match=address):
            Server().start(address)

    def test_a_stop_tells_those_who_watch_its_health(self, server: Server, channel: Any) -> None:
        watching = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(watching).status == SERVING

        server.stop(grace_seconds=1)

        assert next(watching).status == health_pb2.HealthCheckResponse.NOT_SERVING
