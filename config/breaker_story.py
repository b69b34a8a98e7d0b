"""``make demo-breaker``: a breaker opens, tries and closes again while the service behind it is stopped and started."""

import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from django.conf import settings

from ficus.resilience.breaker import State
from ficus.resilience.errors import HttpSuspended
from ficus.resilience.http import session
from ficus.resilience.registry import guard_of
from ficus.supervisor.lifeline import die_with_parent

PAUSE_SECONDS = 0.1
CALLS = 20  # in each scene that lasts as long as one likes
PATIENCE_SECONDS = 90.0
FAILED = 1


class StoryEnds(Exception):
    """The story cannot be told to its end; the message is one line that says why."""


class Service:
    """A small HTTP service in a process of its own, on the same port whenever it is started."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return when it listens."""
        command = [sys.executable, "-m", "config.breaker_story", "serve", str(self.port), str(os.getpid())]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line.strip().isdigit():
            raise StoryEnds("the service does not start")
        self.port = int(line)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


class Story:
    """What the caller of the service sees, told as it happens."""

    def __init__(self, service: Service) -> None:
        self._service, self._began = service, time.monotonic()
        self._url = f"http://127.0.0.1:{service.port}"
        self._http = session()
        self._http.trust_env = False
        self._breaker = guard_of(self._url).breaker
        self._got: Counter[str] = Counter()
        self._seconds = 0.0
        self.states = [self._breaker.state]

    def tell(self) -> None:
        self._say(f"the service listens at {self._url}; a call every {PAUSE_SECONDS:g} s, tried up to three times")
        self._say("the breaker is CLOSED")
        self._call(CALLS)
        self._service.stop()
        self._say("the service is stopped")
        self._call_until(lambda: self.states[-1] is State.OPEN)
        self._call(CALLS)
        self._service.start()
        self._say("the service is started again; the breaker does not know of it yet")
        self._call_until(lambda: self.states[-1] is State.CLOSED)
        self._call(CALLS)
        self._say(f"the breaker was {' -> '.join(self.states)}")

    def _call(self, times: int) -> None:
        for _ in range(times):
            self._watch()
            began = time.monotonic()
            try:
                answer = self._http.get(self._url)
                self._got[f"got {answer.status_code}"] += 1
            except HttpSuspended:
                self._got["were refused at once, without a connection"] += 1
            except requests.RequestException as error:
                self._got[f"failed, {error}"] += 1
            self._seconds += time.monotonic() - began
            self._watch()
            time.sleep(PAUSE_SECONDS)

    def _call_until(self, condition: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > ends_at:
                raise StoryEnds(f"after {PATIENCE_SECONDS:.0f} s the breaker is still {self.states[-1]}")
            self._call(1)

    def _watch(self) -> None:
        state = self._breaker.state
        if state is not self.states[-1]:
            self._say(f"the breaker is {state.upper()}, from {self.states[-1]}: {self._breaker.reason}")
            self.states.append(state)

    def _say(self, text: str) -> None:
        """Say what happened, and before it what the calls have got since the last time."""
        for outcome, calls in self._got.items():
            each = self._seconds / self._got.total() * 1000
            print(f"          {calls} {'call' if calls == 1 else 'calls'} {outcome}; {each:.1f} ms each", flush=True)
        self._got.clear()
        self._seconds = 0.0
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing; the caller tells the story."""


def serve(port: int, parent: int) -> None:
    die_with_parent(parent)
    server = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    print(server.server_port, flush=True)
    server.serve_forever()


def main() -> int:
    settings.configure(DATABASES={})
    logging.getLogger("ficus.resilience").propagate = False
    logging.getLogger("ficus.resilience").addHandler(logging.NullHandler())
    service = Service()
    try:
        service.start()
        Story(service).tell()
    except StoryEnds as error:
        print(f"make demo-breaker: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    finally:
        service.stop()
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]), int(sys.argv[3]))
    sys.exit(main())
