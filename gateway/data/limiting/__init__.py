"""
How many requests are let through: by rate, and at a time. Nothing here knows of routes; that is the policies' affair.

``quota``        what is allowed, read from an operator's line: ``100/minute by subject``
``gcra``         the arithmetic of a rate, pure: what is owed, what is left, how long to wait
``ledger``       what each key owes, in this process, bounded in number
``redis_link``   one pipelined connection to Redis, which never makes anybody wait for long
``scripts``      what Redis does in one step, for all workers together
``limiter``      decides: exactly by Redis, or here with what others used counted in; alone with a share of the limit
``occupancy``    how many requests of each key are under way in this process
``keys``         on whose account a request goes
``fields``       what the client is told: ``RateLimit-Policy``, ``RateLimit`` and ``Retry-After``
"""
