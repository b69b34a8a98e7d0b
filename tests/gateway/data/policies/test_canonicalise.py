import pytest

from gateway.data.message.refusal import Refusal
from gateway.data.policies.canonicalise import canonicalise
from tests.gateway.making import request


class TestCanonicalise:
    def test_sets_path_query_and_ids(self) -> None:
        made = request("GET", "//orders/%41?b", sifted=False)

        canonicalise(made)

        assert (made.path, made.query) == (b"/orders/A", b"?b")
        assert len(made.trace_id) == 32
        assert made.id == made.trace_id

    @pytest.mark.parametrize("host", ["ficus.test", "ficus.test:8000", "127.0.0.1", "[::1]:80", "a", "users_1", "a."])
    def test_accepts_a_host(self, host: str) -> None:
        made = request(sifted=False)
        made.headers = [(b"host", host.encode())]

        canonicalise(made)

        assert made.fields[b"host"] == host.encode()

    @pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "a,b", "a:b", "a:", ":80", "[::1", "-a", "a\\b", "a%20"])
    def test_refuses_what_is_no_host(self, host: str) -> None:
        made = request(sifted=False)
        made.headers = [(b"host", host.encode())]

        with pytest.raises(Refusal) as refused:
            canonicalise(made)

        assert refused.value.code == "bad_host"

    def test_refuses_an_expectation_that_nobody_meets(self) -> None:
        with pytest.raises(Refusal) as refused:
            canonicalise(request("GET", "/", "Expect: gold", sifted=False))

        assert refused.value.status == 417
