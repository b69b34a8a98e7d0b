"""What has left the log's table reads as if it had stayed; proves architecture, section 4."""

import gzip
import json
import random
from collections import Counter, defaultdict
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from ficus.events import archive_file, archives, archiving, histories, log, verification
from ficus.events.archive_file import ArchiveBroken
from ficus.events.archives import LogIncomplete
from ficus.events.archiving import ArchiveBusy
from ficus.events.feeds import OwnFeed
from ficus.events.log import ConcurrentChange
from ficus.events.models import Archive, ArchivedAggregate, LogEntry
from ficus.events.partitions import parts
from ficus.testing.events import sequence
from tests.ficus.events.depot import ParcelSent
from tests.ficus.events.threads import in_threads

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept_in(settings, tmp_path, monkeypatch):
    """Small files in a directory of the test's own; restoring waits for nobody."""
    archives._lines.cache_clear()
    archives._check_once.cache_clear()
    monkeypatch.setattr(archive_file, "EVENTS", 10)
    monkeypatch.setattr(archiving, "BLOCK", 3)
    monkeypatch.setattr(archiving, "SETTLING_SECONDS", 0)
    settings.EVENTS = {**settings.EVENTS, "ARCHIVE": str(tmp_path)}
    return tmp_path


def write(count: int, parcels: int = 5, seed: int = 0) -> list[UUID]:
    """Append so many events about a few parcels, each with its versions from 1 on; return their ids."""
    chance = random.Random(seed)
    ids = [UUID(int=chance.getrandbits(128)) for _ in range(parcels)]
    versions: Counter[UUID] = Counter()
    with transaction.atomic():
        for weight in range(count):
            parcel = chance.choice(ids)
            versions[parcel] += 1
            log.append(ParcelSent(parcel_id=parcel, weight=weight), version=versions[parcel])
    sequence()
    return sorted(versions)


def whole(ids):
    """Return all that can be read of the log, by every way there is."""
    every = [event for batch in OwnFeed().read(0) for event in batch.events]
    in_parts = [each for part in parts(3) for batch in OwnFeed().read(0, part) for each in batch.events]
    assert sorted(event.place() for event in in_parts) == [event.place() for event in every]
    listed = []
    while more := histories.ids_after("parcel", listed[-1] if listed else UUID(int=0), 2):
        listed += more
    return (
        every,
        histories.read("parcel", ids),
        {id: log.history("parcel", id) for id in ids},
        listed,
        histories.count("parcel"),
        [[each.position for each in log.read(after=after, limit=1)] for after in range(len(every) + 1)],
        log.last_position(),
    )


def archive(upto, directory):
    return archiving.archive(upto=upto, directory=directory)


def damage(path, at=-20):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    archives._lines.cache_clear()
    archives._check_once.cache_clear()


class TestReading:
    @pytest.mark.parametrize("seed", range(4))
    def test_finds_the_same_wherever_the_log_was_cut(self, kept_in, seed):
        chance = random.Random(seed)
        ids = write(60, seed=seed)
        before = whole(ids)

        for upto in sorted(chance.sample(range(1, 60), 3)):
            archive(upto, kept_in)
            assert whole(ids) == before
            assert LogEntry.objects.count() == 60 - upto
            assert list(verification.verify()) == []
        for each in archives.sealed().order_by("-last")[: chance.randint(1, 9)]:
            archiving.restore(each)
            assert whole(ids) == before
            assert list(verification.verify()) == []

    def test_asks_for_archives_only_when_something_is_not_in_the_table(self, kept_in, django_assert_num_queries):
        [parcel] = write(9, parcels=1)
        archive(4, kept_in)
        [other] = write(2, parcels=1, seed=1)

        with django_assert_num_queries(1):
            log.read(after=4, limit=5)
        with django_assert_num_queries(1):
            log.read(after=11, limit=5)
        with django_assert_num_queries(1):
            log.history("parcel", other)
        with django_assert_num_queries(1):
            histories.read("parcel", [other])
        with django_assert_num_queries(3):
            assert len(log.history("parcel", parcel)) == 9

    def test_in_parts_passes_over_nothing_that_leaves_the_table_meanwhile(self, kept_in, monkeypatch):
        write(30)
        part = parts(2)[0]
        before = log.read_part(part, after=0, limit=30)[0]
        find = LogEntry.objects.filter

        def find_late(**wanted):
            if "position__in" in wanted:
                monkeypatch.undo()
                monkeypatch.setattr(archive_file, "EVENTS", 10)
                archive(20, kept_in)
            return find(**wanted)

        monkeypatch.setattr(LogEntry.objects, "filter", find_late)
        found, upto = log.read_part(part, after=0, limit=30)

        assert (found, upto) == ([event for event in before if event.place() <= upto], min(10, upto))
        assert found

    def test_reads_one_history_without_the_rest_of_its_file(self, kept_in, monkeypatch):
        monkeypatch.setattr(archive_file, "EVENTS", 30)
        write(29, parcels=20)
        rare = uuid4()
        with transaction.atomic():
            log.append(ParcelSent(parcel_id=rare, weight=1), version=1)
            log.append(ParcelSent(parcel_id=uuid4(), weight=1), version=1)
        sequence()
        archive(30, kept_in)
        unpacked = []
        monkeypatch.setattr(
            archive_file,
            "unpack",
            lambda packed, *rest, unpack=archive_file.unpack: unpacked.append(1) or unpack(packed, *rest),
        )

        assert [event.position for event in log.history("parcel", rare)] == [30]

        assert (len(unpacked), len(Archive.objects.get().blocks)) == (1, 10)

    def test_refuses_to_pass_over_what_is_nowhere(self, kept_in):
        write(9)
        LogEntry.objects.filter(position__lte=3).delete()

        with pytest.raises(LogIncomplete, match="position 1 is neither"):
            log.read(after=0, limit=10)

    def test_names_the_file_and_checksum_that_are_wrong(self, kept_in):
        [parcel] = write(9, parcels=1)
        archive(6, kept_in)
        kept = Archive.objects.get()
        damage(archives.path_of(kept))

        for look in (lambda: log.read(after=0, limit=9), lambda: log.history("parcel", parcel)):
            with pytest.raises(ArchiveBroken) as told:
                look()
            assert kept.path in told.value.detail
            assert f"should be {kept.sha256}" in told.value.detail
            assert str(kept_in) not in told.value.detail

    def test_names_the_file_that_is_missing(self, kept_in):
        write(9)
        archive(6, kept_in)
        kept = Archive.objects.get()
        archives.path_of(kept).unlink()

        with pytest.raises(ArchiveBroken, match=f"{kept.path} .sha256 {kept.sha256}. cannot be read: No such file"):
            log.read(after=0, limit=9)
        [missing] = verification.files()
        assert "is missing" in missing

    def test_finds_files_where_they_were_moved_to(self, kept_in, settings, tmp_path_factory):
        ids = write(9)
        before = whole(ids)
        archive(6, kept_in)
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        for path in kept_in.iterdir():
            path.rename(elsewhere / path.name)

        settings.EVENTS = {**settings.EVENTS, "ARCHIVE": str(elsewhere)}

        assert whole(ids) == before


class TestArchive:
    def test_keeps_the_newest_entry_in_the_table(self, kept_in):
        write(7)

        assert archiving.last_recorded_before(timezone.now() + timedelta(days=1)) == 6

    def test_ends_before_the_first_entry_that_is_too_young(self, kept_in):
        now = timezone.now()
        ages = [30, 20, 3, 20, 1]
        with transaction.atomic():
            log.append_many([(ParcelSent(parcel_id=uuid4(), weight=age), 1, now - timedelta(days=age)) for age in ages])
        sequence()

        asked = [archiving.last_recorded_before(now - timedelta(days=days)) for days in (40, 25, 10, 2, 0)]

        assert asked == [0, 1, 2, 4, 4]

    def test_makes_files_of_bounded_size_that_any_tool_reads(self, kept_in):
        write(30)

        assert archive(25, kept_in) == 25

        names = sorted(path.name for path in kept_in.iterdir())
        source = log.options.source()
        assert names == [f"{source}-{a:012}-{b:012}.jsonl.gz" for a, b in ((1, 10), (11, 20), (21, 25))]
        lines = gzip.decompress((kept_in / names[2]).read_bytes()).splitlines()
        assert [json.loads(line)["position"] for line in lines] == [21, 22, 23, 24, 25]

    def test_writes_the_same_bytes_for_the_same_entries(self, kept_in):
        write(12)
        archive(10, kept_in)
        [first] = Archive.objects.values_list("sha256", flat=True)
        archiving.restore(Archive.objects.get())

        archive(10, kept_in)

        assert list(Archive.objects.values_list("sha256", flat=True)) == [first]

    def test_refuses_a_version_that_an_archived_event_has(self, kept_in):
        [parcel] = write(9, parcels=1)
        archive(6, kept_in)

        for version in (1, 6, 7):
            with pytest.raises(ConcurrentChange), transaction.atomic():
                log.append(ParcelSent(parcel_id=parcel, weight=0), version=version)
        with transaction.atomic():
            log.append(ParcelSent(parcel_id=parcel, weight=0), version=10)

    def test_deletes_nothing_whose_file_cannot_be_read_back(self, kept_in, monkeypatch):
        write(9)
        monkeypatch.setattr(archiving, "_empty_table", lambda progress: 0)
        archiving._write(1, 6, kept_in)
        damage(archives.path_of(Archive.objects.get()))
        monkeypatch.undo()

        with pytest.raises(ArchiveBroken):
            archive(6, kept_in)

        assert LogEntry.objects.count() == 9

    def test_stops_at_a_gap_and_leaves_everything_as_it_was(self, kept_in):
        write(9)
        LogEntry.objects.filter(position=4).delete()

        with pytest.raises(LogIncomplete, match="1 entries from position 4 to 6 are missing"):
            archive(8, kept_in)

        assert (LogEntry.objects.count(), Archive.objects.count()) == (8, 0)

    def test_names_strays_and_removes_those_that_hold_nothing_new(self, kept_in):
        write(30)
        archive(10, kept_in)
        source = log.options.source()
        left = kept_in / archive_file.name_of(source, 11, 18)
        unfinished = kept_in / (archive_file.name_of(source, 11, 20) + ".part")
        strange = kept_in / archive_file.name_of(source, 3, 5)
        for path in (left, unfinished, strange, kept_in / "notes.txt"):
            path.write_text("")

        named = list(verification.strays())
        archive(20, kept_in)

        assert [line.split(" is no archive")[0] for line in named] == [str(strange), str(left), str(unfinished)]
        assert [path.exists() for path in (left, unfinished, strange)] == [False, False, True]

    def test_lists_every_aggregate_of_a_file(self, kept_in):
        write(30, parcels=12)
        archive(28, kept_in)

        versions = defaultdict(list)
        for row in ArchivedAggregate.objects.order_by("archive__first"):
            versions[row.aggregate_id] += range(row.first_version, row.last_version + 1)
        assert sum(map(len, versions.values())) == 28
        assert all(each == list(range(1, len(each) + 1)) for each in versions.values())


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_are_refused(self, kept_in):
        write(9)
        with archiving._alone():

            def too_late():
                try:
                    archive(6, kept_in)
                except ArchiveBusy:
                    return True

            assert in_threads(1, too_late) == [True]


class TestVerify:
    def test_names_what_is_missing_in_the_table(self, kept_in):
        write(9)
        archive(3, kept_in)
        LogEntry.objects.filter(position__in=[4, 7]).delete()

        assert list(verification.verify()) == [
            "the table begins at position 5, and the archives end at 3",
            "1 positions from 5 to 9 are missing in the table",
        ]

    def test_names_an_archive_that_is_gone(self, kept_in):
        write(30)
        archive(20, kept_in)
        Archive.objects.get(first=1).delete()

        assert next(iter(verification.verify())) == "no archive has the positions from 1 to 10"

    def test_names_a_damaged_file(self, kept_in):
        write(30)
        archive(20, kept_in)
        kept = Archive.objects.get(first=11)
        damage(archives.path_of(kept))

        [wrong] = verification.verify()

        assert wrong.startswith(f"the archive {kept.path} is damaged: its sha256 is ")
