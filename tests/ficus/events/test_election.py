"""One relay is at work; another takes its place when it is gone, or gives no positions."""

import threading
from uuid import uuid4

import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction

from ficus.events import election, log, sequencer
from ficus.events.election import Candidate
from tests.ficus.events.conftest import is_sqlite
from tests.ficus.events.depot import ParcelSent
from tests.ficus.events.redis_server import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Holder:
    """A relay at work in a thread of its own, with a database session of its own."""

    def __enter__(self):
        self._ready, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join(30)

    def _hold(self):
        candidate = Candidate()
        self.won = candidate.win()
        self._ready.set()
        self._ending.wait(60)
        try:
            sequencer.assign()
            candidate.resign()
            self.lost = False
        except (DatabaseError, InterfaceError):
            self.lost = True
        connection.close()


def append():
    with transaction.atomic():
        log.append(ParcelSent(parcel_id=uuid4(), weight=1), version=1)


class TestCandidate:
    def test_wins_alone_and_the_next_one_when_it_has_resigned(self):
        candidate = Candidate()

        with Holder() as holder:
            first = candidate.win()

        assert (holder.won, first, candidate.win()) == (True, False, True)
        candidate.resign()

    @pytest.mark.applies_when(lambda: not is_sqlite())
    def test_deposes_one_that_gives_no_positions_and_that_one_finds_out(self, settings, monkeypatch):
        settings.EVENTS = {**settings.EVENTS, "TAKE_OVER_AFTER_SECONDS": 5}
        now = [1000.0]
        monkeypatch.setattr(election.time, "monotonic", lambda: now[0])
        candidate = Candidate()

        with Holder() as holder:
            append()
            candidate.win()
            now[0] += 4
            early = candidate.win()
            now[0] += 2
            candidate.win()
            wait_until(candidate.win)  # a session ends a moment after it is cut

        assert (early, holder.lost) == (False, True)
        assert sequencer.assign() == 1
        candidate.resign()

    @pytest.mark.applies_when(lambda: not is_sqlite())
    def test_leaves_one_alone_that_gives_positions_or_has_none_to_give(self, settings, monkeypatch):
        settings.EVENTS = {**settings.EVENTS, "TAKE_OVER_AFTER_SECONDS": 5}
        now = [1000.0]
        monkeypatch.setattr(election.time, "monotonic", lambda: now[0])
        candidate = Candidate()

        with Holder() as holder:
            for _ in range(3):
                append()
                candidate.win()
                now[0] += 4
                candidate.win()
                sequencer.assign()
                now[0] += 4
                candidate.win()

        assert holder.lost is False
