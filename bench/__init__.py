"""
What is measured rather than tested: each room is one benchmark. Nothing imports from here.

What rooms share: ``machine`` where it was measured, ``cpu`` of process trees, ``own_redis`` a server, ``figures``
percentiles and medians, ``markdown`` and ``pictures`` for people.
"""
