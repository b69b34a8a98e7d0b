from typing import Any

import pytest

from ficus.testing import tokens


@pytest.fixture(autouse=True)
def trusted_tokens(settings: Any) -> None:
    settings.TOKENS = tokens.trusting(settings.TOKENS)
