"""``log``: what an operator does about old entries; proves architecture, section 4."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from ficus.events import archives, followers, log
from ficus.events.followers import Place
from ficus.events.models import Archive, ArchivedAggregate, LogEntry
from ficus.testing.events import sequence
from tests.ficus.events.depot import ParcelSent
from tests.ficus.events.test_archives import archive, damage, whole, write
from tests.ficus.events.test_archives import kept_in as kept_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def followed(settings, kept_in):
    """This log has one follower, elsewhere."""
    settings.EVENTS = {"SOURCE": "letters", "PUSH_TO": ["reader"], "FEEDS": {}, "ARCHIVE": str(kept_in)}
    return kept_in


def heard(position, **more):
    followers.note([Place("reader", position, **more)], at=NOW)


def run(*arguments):
    """Return what the command prints, and the code that it exits with."""
    out = io.StringIO()
    try:
        call_command("log", *map(str, arguments), stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return f"{out.getvalue()}{error}\n", error.returncode
    return out.getvalue(), 0


class TestArchive:
    def test_moves_what_is_old_and_passed(self, followed):
        write(25)
        heard(25)

        assert run("archive", "--before", "0s") == ("archives end at 24\n", 0)
        assert (LogEntry.objects.count(), len(list(followed.iterdir()))) == (1, 3)

    @pytest.mark.parametrize(
        ("when", "moved"),
        [("2d", 2), ("1d", 3), ("400d", 0), ((NOW - timedelta(days=9)).isoformat(), 1), ("1999-01-01", 0)],
    )
    def test_takes_ages_dates_and_times(self, followed, when, moved):
        ages = [10, 5, 1.5, 0, 0]
        with transaction.atomic():
            log.append_many([(ParcelSent(parcel_id=uuid4(), weight=1), 1, NOW - timedelta(days=age)) for age in ages])
        sequence()
        heard(5)

        assert run("archive", "--before", when) == (f"archives end at {moved}\n", 0)

    def test_says_for_whom_the_rest_stays(self, followed):
        write(25)
        heard(7)

        said, code = run("archive", "--before", "0s")

        assert said.startswith("archives end at 7\n17 stay until they are passed by reader at 7, heard ")
        assert code == 0

    def test_stops_when_a_follower_has_never_been_heard(self, followed):
        write(9)

        said, code = run("archive", "--before", "0s")

        assert said == (
            "log: reader follows this log and has never said how far; start its relay, or push to it no more\n"
        )
        assert (code, LogEntry.objects.count(), list(followed.iterdir())) == (2, 9, [])

    def test_stops_when_a_parked_event_waits_behind(self, followed):
        write(9)
        heard(9, parked=3)

        said, code = run("archive", "--before", "0s")

        assert said == "log: reader has parked the event at 3; decide about it there (parked list) first\n"
        assert (code, LogEntry.objects.count()) == (2, 9)

    def test_goes_on_with_a_follower_that_is_forgotten(self, followed):
        write(9)
        heard(9)
        followers.note([Place("gone", 2)], at=NOW)

        before = run("archive", "--before", "0s")[0].splitlines()[0]
        forgotten = run("forget", "gone")

        assert (before, forgotten) == ("archives end at 2", ("gone is forgotten\n", 0))
        assert run("archive", "--before", "0s") == ("archives end at 8\n", 0)

    def test_puts_files_where_it_is_told_and_finds_them_there(self, followed, tmp_path_factory):
        ids = write(9)
        heard(9)
        before = whole(ids)
        directory = tmp_path_factory.mktemp("archives") / "new" / "place"

        run("archive", "--before", "0s", "--to", directory)

        assert archives.path_of(Archive.objects.get()).parent == directory
        assert whole(ids) == before

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["archive"], "say what is old"),
            (["archive", "--before", "soon"], "'soon' is no time and no age; write 2026-01-01 or 30d"),
            (["archive", "--before", "99999999999d"], "'99999999999d' is no time and no age"),
            (["burn"], "burn is no action; there are: list, archive, restore, verify, forget"),
            (["forget", "nobody"], "no follower 'nobody' has been heard from elsewhere"),
            (["archive", "--before", "0s", "--to", "/proc/nowhere"], "/proc/nowhere: No such file or directory"),
        ],
    )
    def test_says_in_one_line_what_cannot_be_done(self, followed, arguments, complaint):
        write(9)
        heard(9)

        said, code = run(*arguments)

        assert said.startswith(f"log: {complaint}")
        assert (said.count("\n"), code, LogEntry.objects.count()) == (1, 2, 9)

    def test_asks_where_archives_are_kept_if_nobody_has_said(self, followed, settings):
        write(9)
        heard(9)
        settings.EVENTS = {**settings.EVENTS, "ARCHIVE": ""}

        assert run("archive", "--before", "0s") == (
            'log: say where archives are kept: EVENTS = {"ARCHIVE": ...} in settings, or --to DIR\n',
            2,
        )


class TestRestore:
    def test_brings_back_the_newest_archive_or_all(self, followed):
        ids = write(25)
        heard(25)
        before = whole(ids)
        numbers = list(LogEntry.objects.order_by("position").values_list("number", "position"))
        run("archive", "--before", "0s")

        newest, every = run("restore"), run("restore", "--all")

        assert newest == ("4 events are back; archives end at 20\n", 0)
        assert every == ("20 events are back; archives end at 0\n", 0)
        assert whole(ids) == before
        assert list(LogEntry.objects.order_by("position").values_list("number", "position")) == numbers
        assert (list(followed.iterdir()), ArchivedAggregate.objects.count()) == ([], 0)

    def test_leaves_an_archive_that_is_damaged(self, followed):
        write(9)
        archive(6, followed)
        kept = Archive.objects.get()
        damage(archives.path_of(kept))

        said, code = run("restore")

        assert said.startswith(f"log: the archive {kept.path} is damaged: its sha256 is ")
        assert (code, LogEntry.objects.count(), Archive.objects.count()) == (2, 3, 1)


class TestList:
    def test_shows_archives_table_and_followers(self, followed):
        write(25)
        heard(25, parked=21)
        archive(20, followed)

        said, _ = run("list")

        first, second, *rest = said.splitlines()
        assert first.startswith("1 to 10  recorded ")
        assert second.endswith(f" bytes  {followed}/letters-000000000011-000000000020.jsonl.gz")
        assert rest[0] == "table: 5 entries, 21 to 25"
        assert rest[1].startswith("follower reader at 25, event 21 parked, heard ")


class TestVerify:
    def test_reads_everything_and_exits_with_1_if_something_is_wrong(self, followed):
        write(25)
        archive(20, followed)

        assert run("verify") == ("20 events in 2 files are as they were written\n", 0)

        path = archives.path_of(Archive.objects.get(first=1))
        path.unlink()
        said, code = run("verify")

        assert f"{path} is missing" in said
        assert said.endswith("log: 2 wrong\n")
        assert code == 1
