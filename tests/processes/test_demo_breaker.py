"""``make demo-breaker`` with its real service; proves semantics, section 1, to whoever watches."""

import re

from tests.commands import ROOT, run

AS_TOLD = (
    r"the breaker is CLOSED",
    r"calls got 200",
    r"the service is stopped",
    r"cannot be reached",
    r"the breaker is OPEN, from closed: 5 connect failures in a row",
    r"calls were refused at once, without a connection",
    r"the service is started again",
    r"the breaker is HALF_OPEN, from open: it is time to try again",
    r"calls got 200",
    r"the breaker is CLOSED, from half_open: 3 probes succeeded",
    r"calls got 200",
    r"the breaker was closed -> open -> .*half_open -> closed",
)


class TestTheStory:
    def test_is_told_to_its_end_with_nothing_else_running(self) -> None:
        done = run("-m", "config.breaker_story")

        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(".*".join(AS_TOLD), done.stdout, re.DOTALL), done.stdout

    def test_is_what_make_tells(self) -> None:
        makefile = (ROOT / "Makefile").read_text()

        assert re.search(r"^demo-breaker: .*## watch .*\n\t@exec .*-m config\.breaker_story$", makefile, re.MULTILINE)
