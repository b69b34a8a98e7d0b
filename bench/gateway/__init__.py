"""
What a request through a gateway costs and how long it takes, side by side with gateways that are not in Python.

    engines.py      the others, each with one configuration;  proxy.go  one of them
    ours.py         ours: its tables and settings, bare and with everything on
    cores.py        who runs where;  upstream.py  what all of them stand before
    load.py         asks, by wrk or by generator.py, at saturation or at a rate;  wrk.lua  what wrk asks
    bodies.py       50 MB each way, past somebody slow, and what that does to memory
    stage.py        one contender, running, and each measurement of it
    run.py          the whole run, in rounds;  sweeps.py  ours by routes, tokens and workers
    results.py      what came out, as JSON;  table.py and plot.py  for people;  plan.py  how much is measured

``make bench-gateway`` runs all of it; ``QUICK=1`` a little of it.
"""
