"""
Settings from the environment, typed and checked when a process starts; and what to look at when it does not work.

``environment`` reads the settings, ``diagnosis`` holds them against the world for ``./manage.py <deployable> doctor``,
``migrations`` asks a database how far it is without starting Django. What may change while running will live beside
them.
"""
