"""Has this process follow its deployable's document in ``settings.CONFIGURATION``, if there is a store."""

import os
import threading
from pathlib import Path
from typing import Any

from django.conf import settings

from ficus import service

FIRST_SECONDS = 1.0

_follower: Any = None  # ficus.configuration.follower.Follower, which a process without a store need not load
_pid = 0
_lock = threading.Lock()


def start() -> None:
    """Begin, unless that has been done in this process: to be called by one that stays, after it has forked."""
    global _follower, _pid
    options = getattr(settings, "CONFIGURATION", {})
    with _lock:
        if not options.get("URL") or _pid == os.getpid():
            return
        from ficus.configuration import live
        from ficus.configuration.copy import Copy
        from ficus.configuration.follower import Follower
        from ficus.configuration.store import store_at

        copy = Copy(Path(options["KEPT_IN"]), service.name())
        _follower, _pid = Follower(store_at(options["URL"]), service.name(), copy, live.use), os.getpid()
        live.use({})
        _follower.start(wait_seconds=FIRST_SECONDS)


def trouble() -> str:
    """Return why the newest configuration may not be in force in this process, or nothing."""
    return str(_follower.trouble) if _follower is not None else ""
