"""
What operators see below ``/admin/control/``.

``table``          services and routes, each change with its preview and its reason
``history``        versions, their differences, and the way back
``mirrored``       what came of mirroring
``cached``         what the caches did, and what was thrown away
``upstreams``      breakers and instances in each worker, and orders to them
``forms``          an entry checked as a part of the whole table, of ``fields`` and ``policy_fields``
"""

from gateway.control.admin import cached as cached
from gateway.control.admin import history as history
from gateway.control.admin import mirrored as mirrored
from gateway.control.admin import table as table
from gateway.control.admin import upstreams as upstreams
