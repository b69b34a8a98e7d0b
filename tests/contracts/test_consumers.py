"""What this deployable's consumers handle, they understand in the words their producers pinned."""

import pytest

from config.services import NAMES
from ficus.events import schema
from ficus.events.consumer import consumers
from tests.contracts.golden import golden

HANDLED = [
    (consumer.name, type, version)
    for consumer in consumers().values()
    for type, versions in consumer.handlers.items()
    for version in versions
    if type.partition(".")[0] in NAMES
]


@pytest.mark.applies_when(lambda: bool(HANDLED))
@pytest.mark.parametrize(("consumer", "type", "version"), HANDLED)
class TestConsumers:
    def test_understand_every_event_that_they_handle(self, consumer, type, version):
        event = schema.declared()[type, version]

        assert isinstance(schema.decode(type, version, golden(event)), event)

    def test_know_the_newest_version_alone(self, consumer, type, version):
        assert version == max(declared for name, declared in schema.declared() if name == type)
