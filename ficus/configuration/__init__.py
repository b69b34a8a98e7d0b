"""
Settings from the environment, typed and checked when a process starts; what may change while it runs; and what to look
at when it does not work.

``environment`` reads the settings, ``diagnosis`` holds them against the world for ``./manage.py <deployable> doctor``,
``migrations`` asks a database how far it is without starting Django.

What may change (``docs/configuration.md``) is declared by each app in its module ``live_settings``, of ``settings``
and their ``kinds``, and found in ``groups``. The values are a ``document`` with its versions, kept in a ``store``
(``redis`` or ``consul``), changed by ``changing`` after ``validation``, and shown by ``admin`` and the command
``config``. A process that stays calls ``following.start()``: a ``follower`` hears of each version and puts what is good
in force by ``live``, where everybody looks. The ``copy`` is the last good one on this machine.
"""
