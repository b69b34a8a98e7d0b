"""
The front door: ``data`` is the path of a request, ``control`` the route table, ``console`` the pages.

Where ``GATEWAY_COMPILED`` names a directory, the hot part of ``data`` comes from there, compiled from this very source.
"""

import os
import sys

from gateway.compiled import ROOT, NotServed, serve

if directory := os.environ.get("GATEWAY_COMPILED"):
    try:
        serve(ROOT / directory)
    except NotServed as error:
        sys.stderr.write(f"GATEWAY_COMPILED={directory}: {error}; `make compiled` makes it anew\n")
        sys.exit(2)
