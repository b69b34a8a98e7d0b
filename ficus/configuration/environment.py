"""Reads settings from the environment and reports everything that is wrong with them at once. No Django here."""

import os
from collections.abc import Iterable
from pathlib import Path

from environs import Env, EnvValidationError

from ficus.configuration.settings import Setting


class ConfigurationError(Exception):
    """The environment does not describe a process that can run; one line names every mistake."""


class Environment(Env):
    """
    The process's environment, with ``.env`` (or the file that ``FICUS_ENV_FILE`` names) beneath it.

    ``FICUS_ENV`` is ``production`` unless it says ``development``; only development has defaults for secrets.
    Reading goes on after a mistake; ``seal()`` raises one :class:`ConfigurationError` that names them all.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(eager=False)
        self.read_env(os.environ.get("FICUS_ENV_FILE", str(root / ".env")), recurse=False)
        self.development: bool = self.str("FICUS_ENV", "production") == "development"
        if self.str("FICUS_ENV", "production") not in ("development", "production"):
            self.reject("FICUS_ENV", "must be development or production")

    def reject(self, name: str, reason: str) -> None:
        """Remember a mistake that only the settings can see; reported by ``seal()``."""
        if reason not in self._errors[name]:
            self._errors[name].append(reason)

    def accept(self, settings: Iterable[Setting]) -> None:
        """Look at the variables that go before what is set centrally; what cannot be meant is remembered."""
        for setting in settings:
            text = self.str(setting.variable, "")
            if text and not setting.kind.allows(setting.kind.read(text)):
                self.reject(setting.variable, f"must be {setting.kind}, not {text}")

    def secret(self, name: str, development: str) -> str:
        """Read a value that production must set; in development alone, empty or not set means ``development``."""
        if self.development:
            return self.str(name, "") or development
        return self.str(name) or ""

    def seal(self) -> None:
        """:raises ConfigurationError: if any value was missing or malformed."""
        mistakes = "; ".join(f"{name}: {' '.join(map(str, reasons))}" for name, reasons in self._errors.items())
        try:
            super().seal()
        except EnvValidationError:
            hint = "" if self.development else " (FICUS_ENV=development has defaults for all of them)"
            raise ConfigurationError(f"the environment is not complete: {mistakes}{hint}") from None
