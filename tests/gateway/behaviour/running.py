"""Puts every case to an engine, and says how each was kept."""

import re
import subprocess
from pathlib import Path

from ficus.testing import tokens
from tests.gateway.behaviour.areas import AREAS
from tests.gateway.behaviour.engines import ENGINES, ISSUER, find
from tests.gateway.behaviour.observing import SILENT, difference
from tests.gateway.behaviour.services import Services

Outcomes = dict[tuple[str, str], str]
PATIENCE_SECONDS = 30.0  # for an answer; on a machine with much else to do it may take its time
SHORT_SECONDS = 1.0  # where it is known that there is none


def outcomes_of(engine: str, state: Path, stated: Outcomes) -> Outcomes:
    """
    Return by area and case in which way it was not kept; empty if it was.

    :param stated: what the page says of the engine, so that nobody waits long where nothing comes.
    """
    with Services() as services, ENGINES[engine](state, services) as port:
        token = tokens.token(iss=ISSUER)
        return {
            (area.name, case.name): difference(
                case, port, services, token, patience_seconds=_patience(stated.get((area.name, case.name), ""))
            )
            for area in AREAS
            for case in area.cases
        }


def _patience(stated: str) -> float:
    return SHORT_SECONDS if stated in SILENT else PATIENCE_SECONDS


def version_of(engine: str) -> str:
    """Return the version of the engine on this machine."""
    said = subprocess.run([find(engine), "-v" if engine == "nginx" else "--version"], capture_output=True, check=True)
    found = re.search(rb"\d+\.\d+\.\d+", said.stdout + said.stderr)
    return found[0].decode() if found else "of unknown version"
