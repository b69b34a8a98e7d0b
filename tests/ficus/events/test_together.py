from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from ficus import context
from ficus.context import CauseUnknown
from ficus.events import inbox, log
from ficus.events.consumer import Consumer
from ficus.events.models import LogEntry, ParkedEvent
from ficus.events.schema import Event, event, upcast
from ficus.testing.events import appended
from tests.ficus.events.conftest import batch
from tests.ficus.events.depot import ParcelSent

pytestmark = pytest.mark.django_db


@event("post.letter_sent", version=2, aggregate="letter", key="letter_id")
class LetterSent(Event, frozen=True, kw_only=True):
    letter_id: UUID
    stamps: int


@upcast("post.letter_sent", 1)
def stamp_old_letters(payload):
    return {**payload, "stamps": 1}


calls: list[list[int]] = []
consumer = Consumer("philatelist")


@consumer.handles_together(LetterSent)
def count_stamps(letters):
    calls.append([letter.stamps for letter, _ in letters])
    if any(letter.stamps > 9 for letter, _ in letters):
        raise ValueError("not that many")


@event("sorter.letter_sorted", version=1, aggregate="sorted", key="letter_id")
class LetterSorted(Event, frozen=True, kw_only=True):
    letter_id: UUID


sorter = Consumer("sorter")


@sorter.handles_together(LetterSent)
def sort_letters(letters):
    calls.append([letter.stamps for letter, _ in letters])
    if any(letter.stamps > 9 for letter, _ in letters):
        raise ValueError("not that many")
    log.append_many(
        log.Fact(LetterSorted(letter_id=letter.letter_id), received.aggregate_version, caused_by=received.id)
        for letter, received in letters
    )


@sorter.handles(ParcelSent)
def sort_parcel(parcel, received):
    calls.append([f"parcel of {parcel.weight}"])


@pytest.fixture(autouse=True)
def _no_calls(monkeypatch) -> Iterator[None]:
    # However slow the machine is, a batch fits into one transaction unless a test says otherwise.
    monkeypatch.setattr(inbox, "TRANSACTION_SECONDS", 60)
    calls.clear()
    yield
    calls.clear()


def letters(parcel, *stamps, **fields):
    return [
        parcel(
            place,
            type="post.letter_sent",
            schema_version=2,
            aggregate_id=(id := uuid4()),
            payload={"letter_id": str(id), "stamps": number},
            **fields,
        )
        for place, number in enumerate(stamps, start=1)
    ]


class TestHandlingTogether:
    def test_hands_over_a_batch_in_one_call_in_the_order_of_the_log(self, parcel):
        inbox.receive(consumer, batch(letters(parcel, 3, 1, 2)), at=timezone.now())

        assert (calls, inbox.position("philatelist", "post")) == ([[3, 1, 2]], 3)

    def test_goes_on_in_further_transactions_when_a_batch_is_large(self, parcel, monkeypatch):
        monkeypatch.setattr(inbox, "TOGETHER", 2)

        inbox.receive(consumer, batch(letters(parcel, 1, 2, 3, 4, 5)), at=timezone.now())

        assert (calls, inbox.position("philatelist", "post")) == ([[1, 2], [3, 4], [5]], 5)

    def test_hands_over_each_alone_when_one_fails_and_parks_that_one(self, parcel):
        inbox.receive(consumer, batch(letters(parcel, 1, 10, 2)), at=timezone.now())

        assert calls == [[1, 10, 2], [1], [10], [2]]
        assert list(ParkedEvent.objects.values_list("position", "reason")) == [(2, "ValueError: not that many")]
        assert inbox.position("philatelist", "post") == 3

    def test_knows_the_newest_version_alone(self, parcel):
        old = parcel(1, type="post.letter_sent", schema_version=1, payload={"letter_id": str(uuid4())})

        inbox.receive(consumer, batch([old]), at=timezone.now())

        assert calls == [[1]]

    def test_is_one_function_for_all_versions_of_an_event(self):
        @event("post.letter_sent", version=7, aggregate="letter", key="letter_id")
        class LetterSentOtherwise(Event, frozen=True, kw_only=True):
            letter_id: UUID

        with pytest.raises(ValueError, match=r"philatelist handles post\.letter_sent version 2 twice"):
            consumer.handles_together(LetterSent)(count_stamps)
        with pytest.raises(ValueError, match="alone in one version and together in another"):
            consumer.handles(LetterSentOtherwise)(lambda letter, received: None)


class TestHandlingSomeTogetherAndOthersAlone:
    def test_hands_over_what_is_consecutive_in_the_order_of_the_log(self, parcel):
        sent = letters(parcel, 3, 1, 2, 4)
        sent[1:1] = [parcel(1, weight=70)]
        events = [replace(each, position=place) for place, each in enumerate(sent, start=1)]

        inbox.receive(sorter, batch(events), at=timezone.now())

        assert (calls, inbox.position("sorter", "post")) == ([[3], ["parcel of 70"], [1, 2, 4]], 5)

    def test_ends_the_transaction_in_time(self, parcel, monkeypatch):
        monkeypatch.setattr(inbox, "TRANSACTION_SECONDS", 0)
        monkeypatch.setattr(inbox, "TOGETHER", 2)

        reached = inbox.apply(sorter, batch(letters(parcel, 1, 2, 3)), at=timezone.now(), parks=False)

        assert (calls, reached, inbox.position("sorter", "post")) == ([[1, 2]], 2, 2)

    def test_announces_each_on_behalf_of_its_own_cause(self, parcel):
        traces = [f"00-{number:032x}-b7ad6b7169203331-01" for number in (1, 2)]
        sent = [
            replace(
                letter,
                metadata={
                    "correlation_id": f"request {trace}",
                    "causation_id": "",
                    "actor": "ada",
                    "traceparent": trace,
                },
            )
            for letter, trace in zip(letters(parcel, 1, 2), traces, strict=True)
        ]

        inbox.receive(sorter, batch(sent), at=timezone.now())

        assert calls == [[1, 2]]
        assert list(LogEntry.objects.order_by("number").values_list("metadata", flat=True)) == [
            {**letter.metadata, "causation_id": str(letter.id)} for letter in sent
        ]
        assert not context.is_together()

    def test_refuses_what_does_not_say_which_event_caused_it(self, parcel):
        sent = letters(parcel, 1, 2)
        with context.together({letter.id: context.Context() for letter in sent}), transaction.atomic():
            with pytest.raises(CauseUnknown):
                log.append(LetterSorted(letter_id=uuid4()), version=1)
            with pytest.raises(CauseUnknown):
                log.append_many([log.Fact(LetterSorted(letter_id=uuid4()), 1, caused_by=uuid4())])

        assert appended() == []

    def test_leaves_nothing_of_a_failed_call_and_parks_what_fails_alone(self, parcel):
        inbox.receive(sorter, batch(letters(parcel, 1, 10, 2)), at=timezone.now())

        assert calls == [[1, 10, 2], [1], [10], [2]]
        assert [entry.position for entry in ParkedEvent.objects.all()] == [2]
        assert len(appended(LetterSorted)) == 2

    def test_goes_on_together_beside_what_is_parked(self, parcel):
        inbox.receive(sorter, batch(letters(parcel, 10)), at=timezone.now())
        calls.clear()
        waiting = ParkedEvent.objects.get().aggregate_id
        fresh = letters(parcel, 0, 1, 2, 3, 4)[1:]
        behind = replace(fresh[1], aggregate_id=waiting)

        inbox.receive(sorter, batch([fresh[0], behind, *fresh[2:]], previous=1), at=timezone.now())

        assert calls == [[1], [3, 4]]
        assert list(ParkedEvent.objects.order_by("position").values_list("position", "attempts")) == [(1, 1), (3, 0)]
