"""
What keeps one broken service from breaking those that call it: docs/resilience.md.

Django code that calls another service over HTTP uses a session of ``http``; one that calls ours over gRPC uses
``ficus.rpc``. Both do this:

    guard = guard_of("users")                    # one for each target in a process, with the policy that settings name
    with guard.place(seconds):                   # raises Full where too many calls are under way
        permit = guard.admit(timeout=0.15)       # raises Rejected while users is left alone
        try:
            answer = ask()
        except ConnectionError:
            permit.fail(connecting=True)
            raise
        permit.succeed()

``breaker``, ``budget``, ``bulkhead`` and ``retrying`` decide, free of Django, I/O and time; ``terms`` are what they go
by. The gateway, which has one thread, uses them as they are. ``policies`` gives terms names, ``guard`` is all of them
for one target and for threads, ``registry`` keeps the guards of the process.
"""
