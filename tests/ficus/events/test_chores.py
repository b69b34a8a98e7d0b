"""Chores outlive every failure and say little of it."""

import logging
import threading

import pytest
from django.db import OperationalError

from ficus.errors import Unavailable
from ficus.events.chores import Chore, run_until

pytestmark = pytest.mark.django_db


class Script:
    """Work that fails as it is told to, and stops the loop when there is nothing more to fail with."""

    def __init__(self, *outcomes):
        self.outcomes, self.rounds, self.stopping = list(outcomes), 0, threading.Event()

    def run(self):
        self.rounds += 1
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.stopping.set()
        if outcome:
            raise outcome

    def run_as_chore(self):
        run_until(self.stopping, Chore("dusting", self.run, every_seconds=0.001))


class TestRunUntil:
    def test_outlives_every_failure(self):
        work = Script(None, ZeroDivisionError(), OperationalError(), Unavailable(), None)

        work.run_as_chore()

        assert work.rounds == 5

    def test_reports_an_outage_once_when_it_lasts_and_once_when_it_ends(self, caplog):
        work = Script(*[Unavailable("the post is closed")] * 5, None)

        with caplog.at_level(logging.WARNING, logger="ficus.events.chores"):
            work.run_as_chore()

        assert [record.getMessage() for record in caplog.records] == [
            "dusting keeps failing and is tried again: the post is closed",
            "dusting works again",
        ]

    def test_says_nothing_of_a_short_outage(self, caplog):
        with caplog.at_level(logging.WARNING, logger="ficus.events.chores"):
            Script(Unavailable(), Unavailable(), None).run_as_chore()

        assert caplog.records == []

    def test_tells_the_whole_of_what_is_no_outage(self, caplog):
        with caplog.at_level(logging.WARNING, logger="ficus.events.chores"):
            Script(ZeroDivisionError(), None).run_as_chore()

        assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]
