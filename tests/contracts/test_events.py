from importlib import import_module

import pytest

from config.services import NAMES
from ficus.events import schema
from tests.contracts.golden import FOLDER, golden

PUBLISHED = [
    event
    for name in NAMES
    for event in vars(import_module(f"contracts.{name}.events")).values()
    if isinstance(event, type) and issubclass(event, schema.Event) and event is not schema.Event
]
VERSIONS = [(event.TYPE, event.VERSION) for event in PUBLISHED]


class TestPublishedEvents:
    def test_each_has_one_golden_file_and_there_are_no_others(self):
        files = {path.name for path in FOLDER.iterdir()}

        lifted = {(name, version) for name, version in schema.upcasts() if name.partition(".")[0] in NAMES}
        assert files == {f"{name}.v{version}.json" for name, version in lifted | set(VERSIONS)}

    @pytest.mark.parametrize("event", PUBLISHED, ids=lambda event: event.TYPE)
    def test_is_written_as_it_was_pinned(self, event):
        understood = schema.decode(event.TYPE, event.VERSION, golden(event))

        assert type(understood) is event
        assert schema.encode(understood) == golden(event)

    @pytest.mark.parametrize("event", PUBLISHED, ids=lambda event: event.TYPE)
    def test_tolerates_a_field_that_a_newer_producer_added(self, event):
        newer = {**golden(event), "added_later": {"by": "a newer producer"}}

        assert schema.encode(schema.decode(event.TYPE, event.VERSION, newer)) == golden(event)

    @pytest.mark.parametrize("event", PUBLISHED, ids=lambda event: event.TYPE)
    def test_refuses_to_miss_a_field(self, event):
        for field in golden(event):
            incomplete = {name: value for name, value in golden(event).items() if name != field}

            with pytest.raises(schema.MalformedEvent, match=field):
                schema.decode(event.TYPE, event.VERSION, incomplete)

    @pytest.mark.parametrize("event", PUBLISHED, ids=lambda event: event.TYPE)
    def test_names_its_service_and_its_aggregate(self, event):
        service = event.__module__.split(".")[1]

        assert event.TYPE.startswith(f"{service}.")
        assert str(schema.decode(event.TYPE, event.VERSION, golden(event)).aggregate_id) == golden(event)[event.KEY]

    def test_no_two_services_share_an_aggregate_type(self):
        owners = {}
        for event in PUBLISHED:
            owners.setdefault(event.AGGREGATE, set()).add(event.TYPE.split(".")[0])

        assert {name: len(services) for name, services in owners.items() if len(services) > 1} == {}
