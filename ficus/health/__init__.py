"""
Whether a process lives and whether it can work: ``/livez`` and ``/readyz`` as ``application/health+json``.

``/livez`` touches nothing. ``/readyz`` fails when the service's own database does not answer, and only warns about
Redis and peers, so that one service that is away does not make the others unready. The checks are
django-health-check's.
"""
