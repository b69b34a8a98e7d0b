"""Ties a process's life to its parent's, so that nothing is left behind when the parent is killed. Linux alone."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int, how: int = signal.SIGKILL) -> None:
    """
    Ask the kernel to send this process ``how`` when its parent ends.

    It is the parent's *thread* that counts, and a fork does not inherit the wish: each generation asks for itself.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        os.kill(os.getpid(), how)  # the parent ended before the kernel was asked
