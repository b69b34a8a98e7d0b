"""Policies by name, as settings state them; every mistake is named."""

from dataclasses import asdict

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import HealthCheck, given
from hypothesis import settings as thoroughly
from hypothesis import strategies as st

from ficus.resilience.policies import InvalidPolicies, origin, read
from ficus.resilience.registry import guard_of
from ficus.resilience.terms import BreakerTerms, BulkheadTerms, Policy, RetryTerms, TimeoutTerms

DOCUMENT = {
    "POLICIES": {
        "patient": {"timeout": {"call_seconds": 20, "try_seconds": 10}, "retry": {"attempts": 2}},
        "fragile": {"bulkhead": {"in_flight": 4}, "breaker": {"open_seconds": 30.5}},
    },
    "TARGETS": {"users": "fragile", "https://rates.example.com": "patient"},
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
NAMES = st.sampled_from(
    ["POLICIES", "TARGETS", "patient", "default", "retry", "attempts", "http://a", "http://[", "users"]
)
ALMOST = st.recursive(
    ANYTHING | NAMES, lambda inner: st.dictionaries(NAMES | st.integers(), inner, max_size=4), max_leaves=15
)


def mistakes(document: object, upstreams: list[str] | None = None) -> list[str]:
    with pytest.raises(InvalidPolicies) as caught:
        read(document, upstreams)
    return caught.value.mistakes


class TestAPolicy:
    def test_says_what_is_otherwise_and_leaves_the_rest(self) -> None:
        policies = read(DOCUMENT)

        assert policies.of("users", Policy()) == Policy(
            bulkhead=BulkheadTerms(in_flight=4), breaker=BreakerTerms(open_seconds=30.5)
        )
        assert policies.of("https://rates.example.com", Policy(retry=RetryTerms(share=0.3))) == Policy(
            timeout=TimeoutTerms(call_seconds=20, try_seconds=10), retry=RetryTerms(attempts=2, share=0.3)
        )

    def test_of_a_target_that_has_none_is_as_the_semantics_say(self) -> None:
        assert read(DOCUMENT).of("orders", Policy()) == Policy()
        assert read({}).of("orders", Policy()) == Policy()

    def test_of_the_name_default_is_for_all_that_have_none(self) -> None:
        policies = read(
            {"POLICIES": {**DOCUMENT["POLICIES"], "default": {"retry": {"attempts": 1}}}, "TARGETS": {"a": "fragile"}}
        )

        assert policies.of("orders", Policy()).retry.attempts == 1
        assert policies.of("a", Policy()).retry.attempts == 3

    def test_by_default_is_what_the_semantics_say(self) -> None:
        assert {name: list(values.values()) for name, values in asdict(Policy()).items()} == {
            "timeout": [5.0, 2.0, 0.25],
            "retry": [3, 0.025, 0.25, 0.1, 3],
            "breaker": [20, 0.5, 0.8, 0.8, 5, 5.0, 60.0, 3, 3, 15.0],
            "bulkhead": [64, 32, 0.1],
        }


class TestATarget:
    @pytest.mark.parametrize(
        ("url", "known_as"),
        [
            ("https://rates.example.com/eur?day=1#x", "https://rates.example.com"),
            ("HTTPS://Rates.Example.COM:443", "https://rates.example.com"),
            ("http://rates.example.com:443/", "http://rates.example.com:443"),
            ("http://me:secret@10.0.0.1:80", "http://10.0.0.1"),
            ("http://[::1]:8001/readyz", "http://[::1]:8001"),
        ],
    )
    def test_is_known_by_scheme_host_and_port(self, url: str, known_as: str) -> None:
        assert origin(url) == known_as

    def test_may_be_written_as_one_likes(self) -> None:
        document = {**DOCUMENT, "TARGETS": {"HTTPS://Rates.example.com:443/": "patient"}}

        assert read(document).of("https://rates.example.com", Policy()).retry.attempts == 2

    def test_has_one_guard_with_its_policy(self, settings) -> None:
        settings.RESILIENCE = DOCUMENT

        assert guard_of("users").policy.bulkhead.in_flight == 4
        assert guard_of("users") is guard_of("users")
        assert guard_of("orders").policy == Policy()


class TestMistakes:
    def test_are_all_named_with_their_place(self) -> None:
        document = {
            "POLICIES": {
                "patient": {
                    "retry": {"attempts": 9, "atempts": 2, "share": "0.1"},
                    "breaker": 3,
                    "bulkhead": {"in_flight": 2.5, "waiting": True},
                    "timeouts": {},
                },
                "odd": 4,
            },
            "TARGETS": {
                "users": "patent",
                "user": "patient",
                "http://rates/eur": "patient",
                "ftp://rates": "patient",
                "http://rates:no": 7,
            },
            "EXTRA": 1,
        }

        assert mistakes(document, ["users", "orders"]) == [
            "EXTRA is unknown; there are POLICIES, TARGETS",
            "POLICIES.patient.timeouts is unknown; perhaps timeout is meant",
            "POLICIES.patient.retry.atempts is unknown; perhaps attempts is meant",
            "POLICIES.patient.retry.attempts must be a whole number from 1 to 5, not 9",
            "POLICIES.patient.retry.share must be a number from 0 to 1, not '0.1'",
            "POLICIES.patient.breaker must be an object",
            "POLICIES.patient.bulkhead.in_flight must be a whole number from 1 to 10000, not 2.5",
            "POLICIES.patient.bulkhead.waiting must be a whole number from 0 to 10000, not True",
            "POLICIES.odd must be an object",
            "TARGETS.users: there is no policy 'patent'; perhaps patient is meant",
            "TARGETS.user is neither an upstream nor an address; perhaps users is meant",
            "TARGETS.http://rates/eur must be a scheme and a host, perhaps with a port, such as https://rates.example.com",
            "TARGETS.ftp://rates must be a scheme and a host, perhaps with a port, such as https://rates.example.com",
            "TARGETS.http://rates:no must be a scheme and a host, perhaps with a port, such as https://rates.example.com",
            "TARGETS.http://rates:no: there is no policy 7; there are patient, odd",
        ]

    @pytest.mark.parametrize(
        ("document", "mistake"),
        [
            ([], 'it must be an object with "POLICIES" and "TARGETS"'),
            ({"POLICIES": []}, "POLICIES and TARGETS must be objects"),
            (
                {"POLICIES": {"a": {"timeout": {"call_seconds": float("nan")}}}},
                "POLICIES.a.timeout.call_seconds must be a number from 0.01 to 30, not nan",
            ),
        ],
    )
    def test_are_named_where_the_form_is_wrong(self, document: object, mistake: str) -> None:
        assert mistakes(document) == [mistake]

    @thoroughly(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
    @given(ALMOST)
    def test_are_all_that_anything_can_lead_to(self, document: object) -> None:
        try:
            policies = read(document)
        except InvalidPolicies as error:
            named = error.mistakes
        else:
            named = [str(policies.of(target, Policy())) for target in ("users", *policies.targets)]

        assert named

    def test_keep_a_project_from_calling_anybody(self, settings) -> None:
        settings.RESILIENCE = {"TARGETS": {"users": "patient"}}

        with pytest.raises(ImproperlyConfigured, match=r"^RESILIENCE: TARGETS.users: there is no policy 'patient'$"):
            guard_of("users")
