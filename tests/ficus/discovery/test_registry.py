import pytest

from ficus.discovery.consul import ConsulRegistry
from ficus.discovery.dns import DnsRegistry
from ficus.discovery.instance import Instance
from ficus.discovery.redis import RedisRegistry
from ficus.discovery.registry import BadRegistry, registry_at
from ficus.discovery.static import StaticRegistry


class TestRegistryAt:
    @pytest.mark.parametrize(
        ("url", "kind"),
        [
            ("static:", StaticRegistry),
            ("redis://127.0.0.1:6379/0", RedisRegistry),
            ("unix:///run/redis.sock", RedisRegistry),
            ("consul://127.0.0.1:8500", ConsulRegistry),
            ("consul://:secret@[::1]:8500", ConsulRegistry),
            ("dns:///{service}.shop.svc.cluster.local?port=8000", DnsRegistry),
            ("dns+srv://127.0.0.1:8600/{service}.service.consul", DnsRegistry),
        ],
    )
    def test_means_the_registry_of_the_scheme(self, url: str, kind: type) -> None:
        assert type(registry_at(url)) is kind

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("", "nothing: is none of static:"),
            ("etcd://127.0.0.1", "etcd: is none of static:"),
            ("static:?orders=10.0.0.5", "10.0.0.5 is no host:port"),
            ("static:?orders=10.0.0.5:high", "10.0.0.5:high: Port could not be cast"),
            ("consul://", "wants the address of an agent"),
            ("consul://127.0.0.1:high", "Port could not be cast"),
            ("dns:///orders.shop?port=80", "wants a name with {service} in it"),
            ("dns:///{service}.shop", "wants ?port="),
            ("dns:///{service}.shop?port=high", "invalid literal"),
            ("dns+srv:///{service}.shop?port=80", "wants none"),
        ],
    )
    def test_refuses_what_means_none_and_says_why(self, url: str, says: str) -> None:
        with pytest.raises(BadRegistry) as refusal:
            registry_at(url)

        assert says in str(refusal.value)

    def test_reads_a_static_list_by_service(self) -> None:
        registry = registry_at("static:?orders=10.0.0.6:8000&orders=10.0.0.5:8000&users=[::1]:8001")

        assert registry.discover("orders") == (
            Instance("orders", "10.0.0.5", 8000),
            Instance("orders", "10.0.0.6", 8000),
        )
        assert [each.url for each in registry.discover("users")] == ["http://[::1]:8001"]
