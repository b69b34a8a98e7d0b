"""
Starts a set of processes, keeps them running, and ends them together.

A :class:`~ficus.supervisor.process.Process` says what to run and how to tell that it is ready. A
:class:`~ficus.supervisor.supervisor.Supervisor` runs some to their end (``run``) and keeps others alive (``keep``):
what dies is started again after a pause that doubles, and the console says so.

Nothing outlives the supervisor. Each process leads a group of its own, which is ended as a whole; and the kernel ends
each one when the supervisor itself is killed (``PR_SET_PDEATHSIG``), so not even ``kill -9`` leaves anything behind.
It needs Linux for that last promise and an asyncio loop for all of it. It knows nothing of Django or of what it runs.
"""
