"""Keys change while tokens are made and checked, and no good token is refused; proves semantics, section 6."""

import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.users import keys, tokens
from ficus.auth.keys import KeySet
from ficus.auth.verifier import InvalidToken, Verifier
from ficus.testing import tokens as made

ROTATIONS = 5
PATIENCE_SECONDS = 60.0


@pytest.fixture
def path(tmp_path, settings):
    settings.SIGNING_KEY_FILE = str(tmp_path / "users.pem")
    keys.create_key_file(Path(settings.SIGNING_KEY_FILE))
    return Path(settings.SIGNING_KEY_FILE)


def ids():
    ring = keys.key_ring()
    return [key.kid for key in ring.published]


def let_time_pass(path):
    """Have the file be as old as one that every verifier has heard of."""
    long_ago = time.time() - keys.PUBLISHED_SECONDS - 1
    os.utime(path, (long_ago, long_ago))


def rotate(path, *options):
    let_time_pass(path)
    call_command("rotate_signing_key", *options)


def verifier_of(settings):
    verifier = Verifier(
        issuer=settings.TOKENS["ISSUER"], audience=settings.TOKENS["AUDIENCE"], keys=KeySet(keys.public_jwks)
    )
    verifier.keys.RETRY_SECONDS = 0.0
    return verifier


def new_token():
    return tokens.sign(made.claims(), typ="at+jwt")


def is_refused(verifier, token):
    try:
        verifier.verify(token)
    except InvalidToken:
        return True
    return False


class TestRotate:
    def test_has_the_next_key_sign_and_keeps_the_last_one(self, path, capsys):
        first, second = ids()

        rotate(path)

        current, upcoming, previous = ids()
        assert (current, previous) == (second, first)
        assert upcoming not in (first, second)
        assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
            ["current", current],
            ["next", upcoming],
            ["previous", previous],
        ]

    def test_publishes_three_keys_at_most(self, path):
        for _ in range(3):
            rotate(path)

        assert [key["kid"] for key in keys.public_jwks()["keys"]] == ids()
        assert len(ids()) == 3

    def test_is_refused_before_every_verifier_knows_the_next_key(self, path):
        before = path.read_bytes()

        with pytest.raises(CommandError, match=r"rotate in \d+ seconds") as refused:
            call_command("rotate_signing_key")

        assert (refused.value.returncode, path.read_bytes()) == (2, before)

    def test_leaves_those_who_may_read_the_file_as_they_are(self, path):
        path.chmod(0o640)

        rotate(path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert list(path.parent.iterdir()) == [path]

    def test_publishes_a_next_key_first_where_there_is_none(self, path):
        current = keys.key_ring().current
        path.write_bytes(current.pem)

        rotate(path)

        assert ids()[0] == current.kid
        assert len(ids()) == 2

    def test_changes_nothing_where_it_shall_only_show(self, path, capsys):
        rotate(path, "--show")

        assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == [*ids(), "-"]
        assert len(ids()) == 2

    def test_says_so_where_there_is_no_file(self, path):
        path.unlink()

        with pytest.raises(CommandError, match="create_signing_key"):
            call_command("rotate_signing_key")

    def test_refuses_a_file_with_more_keys_than_it_can_tell_apart(self, path):
        path.write_bytes(path.read_bytes() * 2)

        with pytest.raises(CommandError, match="three are the most"):
            call_command("rotate_signing_key")


class TestUnderLoad:
    def test_no_good_token_is_refused(self, path, settings):
        verifiers = [verifier_of(settings) for _ in range(3)]
        over, refused, checked = threading.Event(), [], []

        def use_tokens(verifier):
            kept = [new_token()]
            is_last = False
            while not is_last:
                is_last = over.is_set()
                kept = [*kept[-1:], new_token()]  # the last one may be of the key before
                refused.extend(token for token in kept if is_refused(verifier, token))
                checked.append(len(kept))

        with ThreadPoolExecutor(len(verifiers)) as threads:
            running = [threads.submit(use_tokens, verifier) for verifier in verifiers]
            try:
                for _ in range(ROTATIONS):
                    self.heard_by(verifiers)
                    rotate(path)
            finally:
                over.set()
            for each in running:
                each.result(PATIENCE_SECONDS)

        assert refused == []
        assert len(checked) >= len(verifiers)

    @staticmethod
    def heard_by(verifiers):
        """Wait until each verifier knows what is published, as he hears of it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while any(verifier.keys.find(kid) is None for verifier in verifiers for kid in ids()):
            assert time.monotonic() < until
            for verifier in verifiers:
                verifier.keys.refresh()
                verifier.keys.expect(ids())


class TestCompromised:
    def test_has_every_token_refused_that_was_signed_before(self, path, settings):
        rotate(path)
        verifier, old = verifier_of(settings), new_token()
        verifier.verify(old)

        call_command("rotate_signing_key", "--compromised")

        new = new_token()
        assert not is_refused(verifier, new)
        until = time.monotonic() + PATIENCE_SECONDS
        while not is_refused(verifier, old):
            assert time.monotonic() < until
            verifier.keys.expect(ids())
        assert not is_refused(verifier, new)
