"""
How a service works off a backlog: memory of every process, and how long fresh orders take meanwhile.

    python -m bench.backlog              # 200,000 events and more, on SQLite
    python -m bench.backlog --postgres   # on the PostgreSQL and Redis that the tests use
    python -m bench.backlog --in-turn    # fresh events wait for their turn, to compare
"""
