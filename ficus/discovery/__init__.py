"""
Who is there: the instances of each service, by name, while they come and go.

    registry = registry_at("redis://127.0.0.1:6379/0")     # or consul://, dns://, dns+srv://, static:
    registry.register(Instance("orders", "10.0.0.5", 8000, version="2.1", since=now))
    registry.discover("orders")                             # those that are there at present

A :class:`~ficus.discovery.registry.Registry` has four methods: ``register``, ``discover``, ``deregister``, ``watch``.
A registration lasts a few seconds and is renewed by registering again, as a
:class:`~ficus.discovery.registrar.Registrar` does.

A :class:`~ficus.discovery.follower.Follower` watches one service for whoever asks it. It keeps the last good list for
as long as the registry is away, holds an empty one for 30 s before it believes it, and changes at most once a second.

``docs/discovery.md`` says which registry promises what. Only ``apps``, ``diagnosis`` and ``serving``, by
which a process of gunicorn is registered, know Django.
"""
