"""A consumer that is killed between two transactions has applied what it committed, once, and goes on behind it."""

import os
import signal
import subprocess
import sys

import pytest

from ficus.events import inbox
from ficus.events.models import AppliedAhead
from ficus.testing.crash_points import CrashPoints
from tests.commands import ROOT
from tests.ficus.events.conftest import shelved, write
from tests.ficus.events.test_relay_process import database, own_database_url

RECEIVING = """
from tests.ficus.events.conftest import batch, make_parcel
inbox.TRANSACTION_SECONDS = 0
print(inbox.receive(consumer, batch([make_parcel(1), make_parcel(2), make_parcel(3)]), at=timezone.now()))
"""
# The own log as the post's, of which the depot is far behind when it lacks more than five events.
FOLLOWING = """
settings.EVENTS = {**settings.EVENTS, "FEEDS": {"post": "post:1"}, "FAR_BEHIND": 5}
settings.RPC = {"UPSTREAMS": {"post": "local"}, "SERVICERS": ["ficus.events.rpc.EventLogServicer"]}
"""
SERVING = FOLLOWING + 'print(fresh.serve(consumer, inbox.Batch("post", 0, [], newest=20)))'
PULLING = FOLLOWING + 'print(catch_up.pull(consumer, "post") > 20)'
SET_UP = """
import django
django.setup()
from django.conf import settings
from django.utils import timezone
from ficus.events import catch_up, fresh, inbox
from tests.ficus.events.depot import consumer
"""
KILLED = -signal.SIGKILL

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def points(tmp_path):
    return CrashPoints(tmp_path)


class TestKilledConsumer:
    def test_goes_on_behind_what_it_has_committed(self, points):
        points.arm("inbox.between_transactions", at_pass=2)

        killed = run(points, RECEIVING)
        left = shelved(), inbox.position("depot", "post")
        again = run(points, RECEIVING)

        assert (killed.returncode, left) == (KILLED, ([1, 2], 2)), killed.stderr
        assert (again.returncode, again.stdout) == (0, "True\n"), again.stderr
        assert (shelved(), inbox.position("depot", "post")) == ([1, 2, 3], 3)

    def test_has_let_fresh_events_overtake_once_or_not_at_all(self, points):
        write(*range(1, 21))
        opened = run(points, SERVING)
        write(101, 102)
        points.arm("lane.before_commit")
        points.arm("lane.after_commit")

        killed_before = run(points, SERVING)
        left_before = shelved(), AppliedAhead.objects.count()
        killed_after = run(points, SERVING)
        left_after = shelved(), AppliedAhead.objects.count()
        pulled = run(points, PULLING)

        assert (opened.returncode, opened.stdout) == (0, "0\n"), opened.stderr
        assert (killed_before.returncode, left_before) == (KILLED, ([], 0)), killed_before.stderr
        assert (killed_after.returncode, left_after) == (KILLED, ([101, 102], 2)), killed_after.stderr
        assert (pulled.returncode, pulled.stdout) == (0, "True\n"), pulled.stderr
        assert (shelved(), AppliedAhead.objects.count()) == ([101, 102, *range(1, 21)], 0)


def run(points, work):
    return subprocess.run(
        [sys.executable, "-c", SET_UP + work],
        cwd=ROOT,
        env={**os.environ, **database(own_database_url()), **points.environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
