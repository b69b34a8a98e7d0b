"""The API for a person with a browser: DRF's browsable pages, with the front door's sign-in and no outside host."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from rest_framework.renderers import BrowsableAPIRenderer


class BrowsableRenderer(BrowsableAPIRenderer):
    """
    Renders a page whose links and forms work behind the front door.

    Forms send JSON, with an ``Idempotency-Key`` that is the same for as long as the page is open. A view offers links
    to what else can be done by ``get_extra_action_url_map()``: titles to addresses.
    """

    template = "ficus/http/api.html"

    def get_context(self, data: Any, accepted_media_type: str | None, renderer_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(data, accepted_media_type, renderer_context)
        return {**context, "public_url": settings.PUBLIC_URL, "idempotency_key": str(uuid4())}
