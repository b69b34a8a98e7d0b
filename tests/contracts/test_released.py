"""Whatever was said in any release is understood now, in the newest words."""

import pytest

from config.contracts import RELEASED, last_release
from ficus.events import schema
from tests.contracts.golden import FOLDER, payload_of
from tests.contracts.recorded import RELEASES, recorded

VERSIONS = [(name, int(version)) for name, versions in last_release(RELEASED).items() for version in versions]


def newest(name):
    return max(version for declared, version in schema.declared() if declared == name)


class TestReleasedVersions:
    @pytest.mark.parametrize(("name", "version"), VERSIONS)
    def test_each_is_pinned_and_understood_in_the_newest(self, name, version):
        understood = type(schema.decode(name, version, payload_of(name, version)))

        assert understood is schema.declared()[name, newest(name)]

    def test_are_all_pinned(self):
        assert {f"{name}.v{version}.json" for name, version in VERSIONS} <= {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("service", ["users", "orders"])
class TestRecordedMessages:
    def test_are_understood_in_the_newest_words(self, release, service):
        understood = [message.event() for message in recorded(release, service)]

        assert {event.VERSION - newest(event.TYPE) for event in understood} == {0}

    def test_tell_a_story_of_some_length(self, release, service):
        assert len(recorded(release, service)) >= 15
