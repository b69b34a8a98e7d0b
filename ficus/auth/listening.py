"""
How whoever verifies tokens hears what the issuer has revoked: he asks twice a second, and forgets nothing meanwhile.

The place is the address of the issuer's document, or a dotted path to a function that returns it: given seconds since
1970, what has been revoked since then, for how many seconds a token lives, until when that holds, and, where the
issuer says so, the ids of the keys under which tokens are good.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from django.db import close_old_connections
from django.utils.module_loading import import_string

from ficus.tls.asking import session

logger = logging.getLogger(__name__)

PATH = "/.well-known/revocations.json"
POLL_SECONDS = 0.5
WHOLE_SECONDS = 30.0  # from time to time all is asked for again, whatever we think we know
ANSWER_SECONDS = 2.0
FIRST_SECONDS = 1.0
LARGEST_BYTES = 16 * 1024 * 1024

Read = Callable[[float], Any]
Expect = Callable[[Collection[str]], None]


class Revoke(Protocol):
    def __call__(self, marks: Mapping[str, float], *, token_seconds: float) -> Any: ...


class Ear:
    """
    What one verifier has heard, and what he has to ask next. How he asks is no matter here.

    :ivar heard_at: when that was last answered, by ``clock``.
    """

    def __init__(
        self, revoke: Revoke, clock: Callable[[], float] = time.monotonic, expect: Expect | None = None
    ) -> None:
        """:param expect: told the ids of the keys that the issuer publishes, whenever it tells anything."""
        self._revoke, self._clock, self._expect = revoke, clock, expect
        self._until = 0.0
        self._whole_at = clock()
        self.heard_at = clock()

    def since(self) -> float:
        """Return from when on to ask, in seconds since 1970."""
        now = self._clock()
        if now < self._whole_at:
            return self._until
        self._whole_at = now + WHOLE_SECONDS
        return 0.0

    def learn(self, told: Any) -> None:
        """
        Take over what was answered.

        :raises ValueError: if it makes no sense; then nothing of it counts as heard.
        """
        try:
            until = float(told["until"])
            kids = frozenset(map(str, told.get("keys", ())))
            self._revoke(told["revoked"], token_seconds=told["token_seconds"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"the answer makes no sense: {error!r}") from None
        self._until, self.heard_at = until, self._clock()
        if self._expect is not None and kids:
            self._expect(kids)


class Listener:
    """
    A thread that asks for one verifier, from the first token on, for as long as the process lives.

    While nobody answers, what is known stays: a token is good for minutes by itself.
    """

    def __init__(
        self, revoke: Revoke, read: Read, *, pause_seconds: float = POLL_SECONDS, expect: Expect | None = None
    ) -> None:
        self._ear = Ear(revoke, expect=expect)
        self._read = read
        self._pause_seconds = pause_seconds
        self._beginning = threading.Lock()
        self._thread: threading.Thread | None = None
        self._has_asked = threading.Event()
        self._is_over = threading.Event()
        self._away = False

    def listen(self) -> None:
        """Begin if that has not been done in this process, and then wait a moment for the first answer."""
        thread = self._thread
        if thread is not None and self._has_asked.is_set() and thread.is_alive():
            return
        with self._beginning:
            if self._thread is None or not self._thread.is_alive():  # as in a process that was forked
                self._has_asked.clear()
                self._thread = threading.Thread(target=self._ask_for_ever, name="revocations", daemon=True)
                self._thread.start()
        self._has_asked.wait(FIRST_SECONDS)

    def stop(self) -> None:
        """Ask no more; a question that is under way is let go."""
        self._is_over.set()

    def _ask_for_ever(self) -> None:
        from ficus.auth.metrics import revocations_age

        while not self._is_over.is_set():
            self._ask()
            revocations_age.set(time.monotonic() - self._ear.heard_at)
            self._has_asked.set()
            self._is_over.wait(self._pause_seconds)

    def _ask(self) -> None:
        try:
            self._ear.learn(self._read(self._ear.since()))
            self._away = False
        except Exception as error:  # whatever the place answers, this thread goes on asking
            logger.log(logging.DEBUG if self._away else logging.WARNING, "revoked tokens are not known: %s", error)
            self._away = True


def reader(place: str) -> Read:
    """Return a function that asks ``place``, to be called by one thread."""
    if place.startswith(("http://", "https://")):
        return _over_http(place)
    return lambda since: _here(place, since)


def _over_http(url: str) -> Read:
    asking = session(url)

    def read(since: float) -> Any:
        question = {"since": f"{since:.3f}"}
        with asking.get(url, params=question, timeout=ANSWER_SECONDS, allow_redirects=False, stream=True) as response:
            if response.status_code != 200:
                raise ValueError(f"the answer is {response.status_code}")
            body = response.raw.read(LARGEST_BYTES + 1, decode_content=True)
        if len(body) > LARGEST_BYTES:
            raise ValueError("the answer is too large")
        return json.loads(body)

    return read


def _here(place: str, since: float) -> Any:
    """Ask a function of this process, which may read the database: no request's connection is this thread's."""
    close_old_connections()
    try:
        return import_string(place)(since)
    finally:
        close_old_connections()
