"""
Ends a handler that takes for ever: it holds the cursor, and on SQLite every other writer, for as long.

The handler is interrupted by an exception of ours, wherever it is in Python code. So it fails as any handler may: its
event is parked, and the others go on. One that cannot be interrupted, since it waits in C code or swallows the
exception, takes its process with it, for the supervisor to start a new one.
"""

import ctypes
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ficus.events import options

logger = logging.getLogger(__name__)

EXIT_CODE = 70
# A handler that is still there after so many times its time cannot be interrupted.
_HOPELESS = 2
_LOOKS = 10


class TookTooLong(Exception):
    """A transaction of handlers lasted longer than ``HANDLER_SECONDS``."""


@dataclass(slots=True)
class _Work:
    what: str
    began: float
    interrupted: bool = False


_working: dict[int, _Work] = {}
_last_end = 0.0


@contextmanager
def limited(what: str) -> Iterator[None]:
    """
    Do the work of a transaction within the time that it has, in a process that has called ``start``.

    :raises TookTooLong: in the midst of it, once the time is over.
    """
    thread = threading.get_ident()
    _working[thread] = _Work(what, time.monotonic())
    try:
        yield
    finally:
        _leave(thread)


def last_end() -> float:
    """Return when a transaction of handlers ended last in this process, by the monotonic clock; 0 if none has."""
    return _last_end


def start() -> None:
    """Watch the work of all threads of this process from now on. To be called by the main thread."""
    signal.signal(signal.SIGALRM, _interrupt_main)
    threading.Thread(target=_watch, name="overtime", daemon=True).start()


def stack_of(thread: int) -> str:
    """Return where a thread is."""
    frame = sys._current_frames().get(thread)
    return "".join(traceback.format_stack(frame)) if frame else "(it has ended)"


def _leave(thread: int) -> None:
    global _last_end
    _working.pop(thread, None)
    _last_end = time.monotonic()


def _watch() -> None:
    while True:
        limit = options.handler_seconds()
        time.sleep(limit / _LOOKS)
        for thread, work in list(_working.items()):
            _judge(thread, work, time.monotonic() - work.began, limit)


def _judge(thread: int, work: _Work, seconds: float, limit: float) -> None:
    if seconds > _HOPELESS * limit:
        logger.critical(
            "%s for %.0f s and cannot be interrupted; this process ends. It is here:\n%s",
            work.what,
            seconds,
            stack_of(thread),
        )
        logging.shutdown()
        os._exit(EXIT_CODE)
    if seconds > limit and not work.interrupted:
        work.interrupted = True
        logger.error("%s for %.0f s; it is interrupted here:\n%s", work.what, seconds, stack_of(thread))
        if _working.get(thread) is work:
            _interrupt(thread)


def _interrupt(thread: int) -> None:
    if thread == threading.main_thread().ident:
        signal.pthread_kill(thread, signal.SIGALRM)  # ends what waits in the kernel, too
    else:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TookTooLong))


def _interrupt_main(*_: object) -> None:
    work = _working.get(threading.get_ident())
    if work is not None and work.interrupted:
        raise TookTooLong(f"{work.what} for longer than {options.handler_seconds():g} s")
