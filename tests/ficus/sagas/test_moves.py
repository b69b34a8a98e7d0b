from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from ficus.events import log
from ficus.sagas import moves
from ficus.sagas.models import SagaInstance
from ficus.sagas.moves import DONE, RUNNING

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def stories():
    return [
        SagaInstance.objects.create(saga="agency.plan_trip", key=uuid4(), version=version, started_at=NOW, trouble="?")
        for version in (1, 2, 7)
    ]


def ended(stories):
    changed = [(story, story.version) for story in stories]
    for number, story in enumerate(stories):
        moves.end(story, DONE, NOW)
        moves.tell(story, {"what": f"told 'ä' %s {number}"})
    return changed


class TestSave:
    def test_writes_each_row_as_it_has_become(self, stories):
        moves.save(ended(stories))

        fields = ("status", "ended_at", "deadline_at", "trouble", "version", "timeline")
        assert list(SagaInstance.objects.order_by("id").values_list(*fields)) == [
            (DONE, NOW, None, "", version, [{"what": f"told 'ä' %s {number}"}])
            for number, version in enumerate((2, 3, 8))
        ]

    def test_takes_one_query_for_any_number(self, stories, django_assert_num_queries):
        changed = ended(stories)

        with django_assert_num_queries(1):
            moves.save(changed)

    def test_refuses_what_is_not_as_it_was_read(self, stories):
        changed = ended(stories)
        SagaInstance.objects.filter(pk=stories[1].pk).update(version=3)

        with pytest.raises(log.ConcurrentChange, match="agency"), transaction.atomic():
            moves.save(changed)

        assert list(SagaInstance.objects.values_list("status", flat=True)) == [RUNNING] * 3

    def test_of_nothing_does_nothing(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            moves.save([])
