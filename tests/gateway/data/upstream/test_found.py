from ficus.discovery.instance import Instance
from gateway.data.routing.table import Table
from gateway.data.upstream.address import Address
from gateway.data.upstream.found import NOBODY, addresses, located
from gateway.data.upstream.terms import ServiceTerms
from gateway.data.upstream.tls import Tls

LISTED = {"orders": (Address("http://10.0.0.1:80", 3),)}
ONE, OTHER = Instance("orders", "10.0.0.5", 8000), Instance("orders", "10.0.0.6", 8000)


class TestAddresses:
    def test_are_those_of_the_registry_before_those_of_the_table(self) -> None:
        table = Table((), 1, LISTED)

        assert addresses(table, {"orders": (ONE, OTHER)}) == {
            "orders": (Address("http://10.0.0.5:8000"), Address("http://10.0.0.6:8000"))
        }

    def test_are_those_of_the_table_where_the_registry_knows_nobody(self) -> None:
        table = Table((), 1, LISTED)

        assert addresses(table, {}) == LISTED
        assert addresses(table, {"orders": ()}) == LISTED

    def test_of_a_service_that_nobody_knows_are_one_that_is_never_connected_to(self) -> None:
        table = Table((), 1, {"stock": ()})

        assert addresses(table, {}) == {"stock": (Address(f"http://{NOBODY}"),)}

    def test_leave_out_what_is_no_address(self) -> None:
        table = Table((), 1, LISTED)
        wrong = Instance("orders", "10.0.0.7/../x", 8000)

        assert addresses(table, {"orders": (wrong, ONE)}) == {"orders": (Address("http://10.0.0.5:8000"),)}


class TestLocated:
    def test_is_by_tls_where_the_addresses_of_the_table_are(self) -> None:
        table = Table((), 1, {"orders": (Address("https://orders.internal"),)})

        assert list(located(table, "orders", {"orders": (ONE,)})) == [("https://10.0.0.5:8000", ONE)]

    def test_is_by_tls_where_the_terms_are(self) -> None:
        table = Table((), 1, {"orders": ()}, {"orders": ServiceTerms(tls=Tls())})

        assert list(located(table, "orders", {"orders": (ONE,)})) == [("https://10.0.0.5:8000", ONE)]

    def test_is_not_by_tls_where_only_the_registry_says_so(self) -> None:
        table = Table((), 1, LISTED)
        secure = Instance("orders", "10.0.0.5", 8000, scheme="https")

        assert list(located(table, "orders", {"orders": (secure,)})) == [("http://10.0.0.5:8000", secure)]
