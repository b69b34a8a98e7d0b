"""What ``doctor`` finds out about the route table."""

from collections.abc import Iterator

from ficus.configuration.diagnosis import Finding, State
from gateway.control import document, snapshot, troubles
from gateway.control.compiling import compile_document


def diagnose() -> Iterator[Finding]:
    """Look at the table and at the names of its upstreams."""
    compiled = compile_document(document.current())
    for mistake in compiled.mistakes:
        yield Finding(State.WRONG, "route table", mistake)
    if not compiled.mistakes:
        yield Finding(State.OK, "route table", f"version {snapshot.version()}, {len(compiled.active)} routes")
    for trouble in troubles.certificates(compiled):
        soon = " expires on " in trouble
        yield Finding(State.WARN if soon else State.WRONG, "certificate", trouble)
    for trouble in troubles.unreachable(compiled):
        yield Finding(State.WARN, "upstream", trouble)
