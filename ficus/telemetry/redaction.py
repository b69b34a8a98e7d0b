"""Takes secrets and personal data out of log lines, by the name of a field and by the look of a text."""

import re
from typing import Any

REMOVED = "[removed]"
_SECRET_NAME = re.compile(r"pass(word|wd)|secret|token|authorization|cookie|api_?key|private_?key|credential", re.I)
_SECRET_TEXTS = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.I), rf"\1 {REMOVED}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REMOVED),
    (re.compile(r"(\w://[^\s:/@]*):[^\s@/]+@"), rf"\1:{REMOVED}@"),
    (re.compile(r"(?i)\b(password|secret|token)(=|\": ?\"|': ?')[^\s&,;\"']+"), rf"\1\2{REMOVED}"),
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "[email]"),
)


def redacted(value: Any, name: str = "") -> Any:
    """Return ``value`` without what must not be kept; ``name`` is that of the field that holds it."""
    if name and _SECRET_NAME.search(name):
        return REMOVED
    if isinstance(value, str):
        return _without_secrets(value)
    if isinstance(value, dict):
        return {key: redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [redacted(item) for item in value]
    return value if value is None or isinstance(value, int | float) else _without_secrets(str(value))


def _without_secrets(text: str) -> str:
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text
