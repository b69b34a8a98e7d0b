"""Writes each process's lines under its name, coloured on a terminal."""

import os
from typing import TextIO

COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
BOLD, RESET = "\x1b[1m", "\x1b[0m"


class Console:
    """
    One stream that several processes share, a line at a time.

    A terminal gets colours unless ``NO_COLOR`` is set (no-color.org).
    """

    def __init__(self, stream: TextIO, width: int = 14) -> None:
        self._stream = stream
        self._width = width
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        """Write one line of a process's output."""
        self._write(f"{self._prefix(name)} {text}")

    def say(self, text: str) -> None:
        """Write a line of the supervisor's own."""
        self._write(f"{BOLD}{text}{RESET}" if self._coloured else text)

    def _prefix(self, name: str) -> str:
        label = f"{name:<{self._width}} |"
        if not self._coloured:
            return label
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\x1b[{colour}m{label}{RESET}"

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
