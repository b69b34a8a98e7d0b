"""Lets the event loop ask the database: in a few threads of their own, so that their connections are used again."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections

Result = TypeVar("Result")

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="database")


async def in_database(work: Callable[..., Result], *arguments: object) -> Result:
    """Run ``work(*arguments)`` where it may block, as Django runs a request: with connections that are fit to use."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _with_connections, work, arguments)


def _with_connections(work: Callable[..., Result], arguments: tuple[object, ...]) -> Result:
    close_old_connections()
    try:
        return work(*arguments)
    finally:
        close_old_connections()
