"""A handler that takes for ever is interrupted; with a real worker: tests/processes/test_worker.py."""

import signal
import threading
import time

import pytest

from ficus.events import overtime
from ficus.events.overtime import TookTooLong, limited


class TestLimited:
    def test_is_ended_in_any_thread_once_its_time_is_over(self):
        ended = []

        def work():
            try:
                with limited("depot applying post"):
                    while True:
                        time.sleep(0.001)
            except TookTooLong:
                ended.append(True)

        thread = threading.Thread(target=work)
        thread.start()
        while thread.ident not in overtime._working:
            time.sleep(0.001)
        overtime._judge(thread.ident, overtime._working[thread.ident], 31, 30)
        thread.join(30)

        assert (ended, overtime._working) == ([True], {})

    def test_is_ended_in_the_main_thread_though_it_waits_in_the_kernel(self):
        def work():
            with limited("depot applying post"):
                thread = threading.get_ident()
                overtime._judge(thread, overtime._working[thread], 31, 30)
                time.sleep(60)

        before = signal.signal(signal.SIGALRM, overtime._interrupt_main)
        try:
            with pytest.raises(TookTooLong, match="depot applying post for longer than 30 s"):
                work()
        finally:
            signal.signal(signal.SIGALRM, before)

    def test_is_left_alone_while_it_has_time(self):
        with limited("depot applying post"):
            thread = threading.get_ident()
            overtime._judge(thread, overtime._working[thread], 29, 30)

        assert overtime.last_end() <= time.monotonic()

    def test_that_has_ended_is_not_interrupted(self):
        with limited("depot applying post"):
            thread = threading.get_ident()
            work = overtime._working[thread]

        overtime._judge(thread, work, 31, 30)

        assert overtime._working == {}
