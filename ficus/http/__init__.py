"""
What every HTTP interface of a service shares: its manners, none of its business.

    middleware.py     request id, deadline and context of each request
    routes.py         paths that work with and without a trailing slash
    parsers.py, serializers.py    what comes in: strict JSON, no unknown fields
    pagination.py     keyset pages
    idempotency.py    a repeated request has one effect and one answer
    preferences.py    ``Prefer: wait=N``
    problem_document.py, problems.py    what goes wrong, as problem+json (RFC 9457)
    openapi.py, schema.py    the same, said in the service's OpenAPI document
    browsable.py      all of it for a person with a browser
"""
