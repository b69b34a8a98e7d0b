"""
Breaks a running system on purpose, by a schedule that a seed decides, and proves that nothing was lost by it.

Customers place, cancel and fulfil orders through the gateway, as real clients do: they ask again by the same key
until the answer is definite. Meanwhile processes are killed and paused, Redis and PostgreSQL taken away, and rubbish
is thrown at the queues. What the customers were told is then held against what the system has.

    schedule.py    which fault comes when; nothing but arithmetic
    client.py      one customer who asks until he knows;  crowd.py  all of them, at a steady rate
    ledger.py      what the customers were told
    faults.py      does each fault to the system;  queues.py  those that are messages;  postgres.py  a server to stop
    books.py       reads the system's own databases
    verdict.py     compares both: lost, doubled, mismatches;  report.py  says so
    run.py         one run from start to end;  __main__.py  the command line: ``make chaos``

Nothing here touches a PostgreSQL or a Redis that it did not start itself.
"""
