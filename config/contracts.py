"""
Holds the contracts against the last release: ``python -m config.contracts check``; ``release`` keeps them as they are.

``contracts/released/<version>.json`` is what services and logs out there know. It is never changed, only added to.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from config.addresses import ROOT
from config.log import VERSION
from ficus.events import compatibility
from ficus.events.compatibility import Described

RELEASED = ROOT / "contracts" / "released"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.contracts", description=__doc__.splitlines()[1])
    parser.add_argument("action", choices=["check", "release"])
    action = parser.parse_args().action
    for path in sorted(ROOT.glob("contracts/*/events.py")):
        importlib.import_module(f"contracts.{path.parent.name}.events")
    released = last_release(RELEASED)
    if action == "check" and not released:
        print("contracts: no release is kept in contracts/released", file=sys.stderr)
        return 1
    breaches = compatibility.breaches(released)
    if breaches:
        print(*(f"contracts: {breach}" for breach in breaches), sep="\n", file=sys.stderr)
        return 1
    if action == "check":
        print(f"contracts: {len(compatibility.describe())} events agree with the last release")
        return 0
    return release(RELEASED / f"{VERSION}.json", compatibility.describe(released))


def last_release(folder: Path) -> Described:
    """Return what was released last, which has all that was released before; nothing before the first release."""
    versions = sorted(folder.glob("*.json"), key=lambda path: [int(part) for part in path.stem.split(".")])
    described: Described = json.loads(versions[-1].read_text()) if versions else {}
    return described


def release(path: Path, described: Described) -> int:
    """Keep the contracts as those of a version, unless that is released already and differs; return the exit code."""
    if path.exists() and json.loads(path.read_text()) != described:
        print(f"contracts: {path.stem} is released; raise VERSION first", file=sys.stderr)
        return 1
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(described, indent=2) + "\n")
    print(f"contracts: {path.relative_to(ROOT)} has {len(described)} events")
    return 0


if __name__ == "__main__":
    sys.exit(main())
