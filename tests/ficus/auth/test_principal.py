from uuid import UUID

import pytest

from ficus.auth.principal import Anonymous, Principal

ADA = UUID("0198a1b2-0000-7000-8000-000000000001")
BOB = UUID("0198a1b2-0000-7000-8000-000000000002")


class TestHasRole:
    @pytest.mark.parametrize(
        ("role", "granted"),
        [
            ("customer", {"customer"}),
            ("support", {"customer", "support"}),
            ("operator", {"customer", "support", "operator"}),
            ("admin", {"customer", "support", "operator", "admin"}),
            ("stranger", set()),
        ],
    )
    def test_holds_for_the_role_and_all_below_it(self, role: str, granted: set[str]) -> None:
        principal = Principal(subject="s", roles=frozenset({role}))

        held = {least for least in ("customer", "support", "operator", "admin") if principal.has_role(least)}

        assert held == granted

    def test_never_holds_for_a_role_that_does_not_exist(self) -> None:
        assert not Principal(subject="s", roles=frozenset({"admin", "emperor"})).has_role("emperor")

    def test_never_holds_for_anonymous(self) -> None:
        assert not Anonymous().has_role("customer")


class TestIsOrHasRole:
    def test_holds_for_oneself_and_for_support(self) -> None:
        ada = Principal(subject=str(ADA), id=ADA, roles=frozenset({"customer"}))
        sam = Principal(subject=str(BOB), id=BOB, roles=frozenset({"support"}))

        assert ada.is_or_has_role(ADA, "support")
        assert sam.is_or_has_role(ADA, "support")
        assert not ada.is_or_has_role(BOB, "support")
        assert not Anonymous().is_or_has_role(ADA, "support")
