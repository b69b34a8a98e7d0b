"""``./manage.py <deployable> parked``: an operator at the command line."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ficus.events import inbox
from ficus.events.models import ParkedDecision, ParkedEvent
from tests.ficus.events.conftest import batch, shelved
from tests.ficus.events.depot import consumer

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(depot, parcel):
    """Two parked events of two parcels; nothing fails any more."""
    depot.refuses = {1, 2}
    inbox.receive(consumer, batch([parcel(1), parcel(2)]), at=timezone.now())
    depot.refuses = set()
    return list(ParkedEvent.objects.order_by("position"))


def parked(*arguments):
    said = io.StringIO()
    call_command("parked", *(str(each) for each in arguments), stdout=said)
    return said.getvalue()


def refusal(*arguments):
    with pytest.raises(CommandError) as refused:
        parked(*arguments)
    assert refused.value.returncode == 2
    return str(refused.value)


def decided():
    return list(ParkedDecision.objects.order_by("id").values_list("action", "by", "reason"))


class TestList:
    def test_says_one_line_for_each(self, two):
        lines = parked("list").splitlines()

        assert len(lines) == 2
        assert lines[0].split()[:4] == [str(two[0].pk), "depot", "post.parcel_sent", str(two[0].aggregate_id)]
        assert lines[0].endswith("Trouble: too heavy: 1")

    def test_counts_by_error(self, two):
        assert parked("list", "--by-error") == "     2  depot  post.parcel_sent  Trouble: too heavy: N\n"

    def test_is_narrowed(self, two):
        assert parked("list", "--consumer", "nobody") == "nothing is parked\n"


class TestShow:
    def test_tells_everything_about_one(self, two):
        parked("retry", two[1].pk)
        ParkedDecision.objects.update(event_id=two[0].event_id)

        told = parked("show", two[0].pk)

        assert "reason: Trouble: too heavy: 1" in told
        assert '"weight": 1' in told
        assert "Traceback (most recent call last)" in told
        assert "sent again by " in told


class TestRetry:
    def test_applies_what_it_can(self, two):
        assert parked("retry", two[0].pk, "--as", "olga") == "1 of 1 applied\n"

        assert shelved() == [1]
        assert decided() == [("sent again", "olga", "")]

    def test_of_all_takes_each(self, two):
        assert parked("retry", "--all", "--error", "Trouble: too heavy: N").endswith("2 of 2 applied\n")

        assert shelved() == [1, 2]

    def test_exits_with_one_when_something_fails_again(self, two, depot):
        depot.refuses = {2}

        with pytest.raises(SystemExit) as ending:
            parked("retry", "--all")

        assert ending.value.code == 1
        assert shelved() == [1]

    def test_is_by_the_user_of_the_machine_unless_told_otherwise(self, two, monkeypatch):
        monkeypatch.setenv("LOGNAME", "ada")

        parked("retry", two[0].pk)

        assert decided() == [("sent again", "ada at the command line", "")]


class TestEdit:
    def test_applies_the_edited_event(self, two, tmp_path):
        new = tmp_path / "payload.json"
        new.write_text(f'{{"parcel_id": "{two[0].aggregate_id}", "weight": 7}}')

        said = parked("edit", two[0].pk, "--payload", new, "--reason", "weighed anew", "--as", "olga")

        assert said == "1 of 1 applied\n"
        assert shelved() == [7]
        assert decided() == [("edited and sent again", "olga", "weighed anew")]

    def test_refuses_what_cannot_be_read(self, two, tmp_path):
        assert "cannot be read as JSON" in refusal("edit", two[0].pk, "--payload", tmp_path / "none")
        assert refusal("edit", two[0].pk) == "say where the payload is: --payload FILE"


class TestDrop:
    def test_gives_up_what_is_named(self, two):
        assert parked("drop", two[0].pk, "--reason", "lost", "--as", "olga") == "1 dropped\n"

        assert list(ParkedEvent.objects.all()) == [two[1]]
        assert decided() == [("dropped", "olga", "lost")]

    def test_needs_a_reason(self, two):
        assert refusal("drop", two[0].pk) == "Say why."

        assert ParkedEvent.objects.count() == 2


class TestMisuse:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["explode"], "explode is no action; there are: list, show, retry, edit, drop"),
            (["retry"], "say which: IDs, or --all"),
            (["show"], "say which: one ID"),
            (["show", "1", "2"], "say which: one ID"),
            (["retry", "987654321"], "no event is parked as 987654321"),
            (["drop", "9" * 30, "--reason", "why not"], f"no event is parked as {'9' * 30}"),
            (["show", "first"], "no event is parked as first"),
        ],
    )
    def test_is_answered_in_one_line_with_exit_code_two(self, two, arguments, message):
        assert refusal(*arguments) == message

        assert ParkedEvent.objects.count() == 2
        assert decided() == []
