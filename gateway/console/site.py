"""The gateway's admin site: unfold's looks, and the front door's sign-in."""

from typing import Any

from unfold.sites import UnfoldAdminSite

from ficus.auth.staff import StaffAdminSite


class GatewaySite(StaffAdminSite, UnfoldAdminSite):  # type: ignore[misc]  # unfold is published without types
    """What staff see below ``/admin/``."""

    site_header = site_title = "Ficus gateway"
    index_title = "The front door"
    settings_name: Any = "UNFOLD"
