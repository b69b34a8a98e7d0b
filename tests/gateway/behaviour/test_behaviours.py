"""Every behaviour, put to the gateway and to other engines with what ``table render`` makes of the same table."""

from pathlib import Path

import pytest

from tests.gateway.behaviour.areas import AREAS
from tests.gateway.behaviour.document import FILE, RENDERED, differences, read, written
from tests.gateway.behaviour.engines import find
from tests.gateway.behaviour.running import outcomes_of

pytestmark = pytest.mark.timeout(300)  # four processes are started, which takes long where there is much else to do
CASES = [(area.name, case.name) for area in AREAS for case in area.cases]


class TestBehaviours:
    def test_are_many_and_each_has_a_name_of_its_own(self) -> None:
        assert len(CASES) == len(set(CASES))
        assert len(CASES) >= 400

    def test_are_all_kept_by_the_gateway(self, tmp_path: Path) -> None:
        found = outcomes_of("ficus", tmp_path, {})

        assert list(found) == CASES
        assert {place: outcome for place, outcome in found.items() if outcome} == {}

    @pytest.mark.parametrize("engine", RENDERED)
    def test_are_kept_by_other_engines_as_the_page_says(self, engine: str, tmp_path: Path) -> None:
        if not find(engine):
            pytest.skip(f"{engine} is not on this machine, so what docs/behaviours.md says of it was not looked at")

        stated = read(FILE.read_text())[engine]

        found = outcomes_of(engine, tmp_path, stated)

        assert list(differences(stated, found)) == [], "make behaviours writes the page anew"


class TestPage:
    def test_says_of_each_behaviour_what_it_counts(self) -> None:
        text = FILE.read_text()
        stated = read(text)
        versions = {"nginx": _after(text, "and to nginx "), "envoy": _after(text, " and Envoy ")}

        assert written({"ficus": dict.fromkeys(CASES, ""), **stated}, versions) == text


def _after(text: str, words: str) -> str:
    return text.partition(words)[2].partition(" ")[0]
