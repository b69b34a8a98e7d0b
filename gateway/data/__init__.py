"""
The data path: what happens to a request between a client's socket and a service's. No Django, no database.

It runs inside uvicorn's process, one level below ASGI: a proxied request never becomes a task.

``message``    what is on the wire: framing, canonical path, header hygiene, problem documents, trace and request ids
``routing``    the route table: an immutable snapshot that answers "who serves this, and on what terms?"
``policies``   plain functions over one request, in a visible order; ``policies/__init__.py`` is that order
``upstream``   the services: their instances, pooled connections, and the other half of the wire
``exchange``   one proxied request and its answer, streaming both ways
``attempts``   how it comes to an instance that answers; ``retrying`` when it does so again, ``degrading`` what if none
``local``      one request that Django answers, in this same process
``protocol``   the client's connection, which holds the above together
``operations`` what operators do to upstreams while they run, and what they are shown
``runtime``    what all connections of one worker share
``worker``     gunicorn's worker class, which starts it all

Read it in the order of a request: ``protocol``, ``message.reader``, ``policies``, ``exchange``,
``upstream.connection``.
"""
