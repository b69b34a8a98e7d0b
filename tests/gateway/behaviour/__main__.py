"""``make behaviours``: put every case to every engine and write ``docs/behaviours.md``."""

import os
import sys
import tempfile
from pathlib import Path

os.environ["SERVICE"] = "gateway"

import django

import tests.environment  # noqa: F401 - settles the settings before Django is touched


def main() -> int:
    django.setup()
    from tests.gateway.behaviour.document import FILE, RENDERED, read, written
    from tests.gateway.behaviour.engines import find
    from tests.gateway.behaviour.running import outcomes_of, version_of

    missing = [engine for engine in RENDERED if not find(engine)]
    if missing:
        print(f"not on this machine: {', '.join(missing)}", file=sys.stderr)
        return 2
    stated = read(FILE.read_text()) if FILE.exists() else {}
    outcomes = {}
    for engine in ("ficus", *RENDERED):
        with tempfile.TemporaryDirectory(prefix=f"ficus-{engine}-") as state:
            outcomes[engine] = outcomes_of(engine, Path(state), stated.get(engine, {}))
        for (area, case), outcome in outcomes[engine].items():
            if outcome:
                print(f"{engine}: {area}: {case}: {outcome}")
    FILE.write_text(written(outcomes, {engine: version_of(engine) for engine in RENDERED}))
    return 1 if any(outcomes["ficus"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
