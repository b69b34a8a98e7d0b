"""
What an event costs, and how long it takes, side by side with what else a Django team could write.

    project/        one scratch Django project for all contenders: the same actions, rows and databases
    contenders.py   which processes each contender runs;  plan.py  how much is measured
    servers.py      a PostgreSQL of the run's own, and the databases
    stage.py        one contender, running;  producer.py  what makes it work;  window.py  one measurement
    run.py          the whole run, in rounds;  growth.py  the same on a log that is full already
    results.py      what came out, as JSON;  table.py and plot.py  for people

``make bench-events`` runs all of it; ``QUICK=1`` a little of it.
"""
