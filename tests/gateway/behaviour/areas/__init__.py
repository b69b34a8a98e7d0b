"""The behaviours, an area each: what the table says, what is asked, what reaches a service, what is answered."""

from tests.gateway.behaviour.areas import (
    access,
    bodies,
    errors,
    forwarded,
    headers,
    hostile,
    hosts,
    methods,
    paths,
    precedence,
    rewriting,
    routing,
    splitting,
    streaming,
    tls,
)
from tests.gateway.behaviour.case import Area

AREAS: tuple[Area, ...] = (
    routing.AREA,
    hosts.AREA,
    precedence.AREA,
    methods.AREA,
    rewriting.AREA,
    splitting.AREA,
    paths.AREA,
    headers.AREA,
    forwarded.AREA,
    bodies.AREA,
    streaming.AREA,
    errors.AREA,
    access.AREA,
    tls.AREA,
    hostile.AREA,
)
