import io

import pytest

from ficus.supervisor.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestConsole:
    def test_writes_plain_lines_where_no_one_watches(self) -> None:
        stream = io.StringIO()

        Console(stream, width=8).line("web", "hello")

        assert stream.getvalue() == "web      | hello\n"

    def test_gives_each_process_a_colour_of_its_own_on_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        stream = Terminal()
        console = Console(stream, width=3)

        console.line("web", "one")
        console.line("rpc", "two")
        console.line("web", "three")

        first, second, third = stream.getvalue().splitlines()
        assert first == "\x1b[36mweb |\x1b[0m one"
        assert second == "\x1b[33mrpc |\x1b[0m two"
        assert third == "\x1b[36mweb |\x1b[0m three"

    def test_leaves_colours_to_those_who_want_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        stream = Terminal()

        Console(stream, width=3).line("web", "one")

        assert stream.getvalue() == "web | one\n"
