from collections import Counter

from gateway.data.upstream.address import Address
from gateway.data.upstream.destinations import EVERYWHERE
from gateway.data.upstream.renewal import renewed
from gateway.data.upstream.terms import ServiceTerms
from gateway.data.upstream.upstream import Upstream

ONE, TWO, THREE = Address("http://10.0.0.1"), Address("http://10.0.0.2"), Address("http://10.0.0.3")


def made(
    before: dict[str, Upstream] | None = None,
    terms: dict[str, ServiceTerms] | None = None,
    **services: tuple[Address | str, ...],
) -> dict[str, Upstream]:
    addresses = {
        name: tuple(each if isinstance(each, Address) else Address(each) for each in urls)
        for name, urls in services.items()
    }
    return renewed(before or {}, addresses, own_name="gateway", allowed=EVERYWHERE, terms=terms)


class TestRenewed:
    def test_keeps_what_has_not_changed(self) -> None:
        before = made(orders=(ONE, TWO), users=(THREE,))

        after = made(before, orders=(ONE, TWO), users=(THREE,))

        assert after == before

    def test_keeps_the_instances_that_stay_and_retires_those_that_go(self) -> None:
        before = made(orders=(ONE, TWO), users=(THREE,))

        after = made(before, orders=(TWO, THREE), users=(THREE,))

        one, two = before["orders"].instances
        assert after["orders"].instances[0] is two
        assert (one.retired, two.retired) == (True, False)
        assert after["users"] is before["users"]

    def test_retires_a_service_that_is_gone(self) -> None:
        before = made(orders=(ONE,), users=(THREE,))

        after = made(before, users=(THREE,))

        assert list(after) == ["users"]
        assert before["orders"].instances[0].retired

    def test_hides_from_each_service_everybody_else_s_cookies(self) -> None:
        assert made(orders=(ONE,), users=(TWO,))["orders"].hidden_cookies == {
            b"gateway_session",
            b"gateway_csrf",
            b"users_session",
            b"users_csrf",
        }


class TestWeights:
    def test_give_each_instance_its_share(self) -> None:
        upstream = Upstream("orders", [Address("http://a", 6), Address("http://b", 2), Address("http://c", 0)])
        chosen: Counter[str] = Counter()

        for _ in range(2000):
            instance = upstream.choose()
            instance.outstanding += 1
            chosen[instance.host] += 1

        assert set(chosen) == {"a", "b"}
        assert 400 < chosen["b"] < 600

    def test_of_one_instance_alone_leave_it_all(self) -> None:
        upstream = Upstream("orders", [Address("http://a", 0), Address("http://b", 5)])

        assert {upstream.choose().host for _ in range(50)} == {"b"}
