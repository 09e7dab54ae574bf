"""Where asynchronous doors run synchronous services."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

# Channels' default is one thread for the whole process, so that each send would wait for the commit of every other.
# Fewer threads than the pool has connections: a page must still find one.
THREADS = 8
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="service")


def in_thread(work: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """`work` as a coroutine function; it runs in a thread of the pool and gives its database connection back.

    As Channels' `database_sync_to_async`, without the way back into the event loop that no service takes.
    """

    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        call = partial(contextvars.copy_context().run, _run, partial(work, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(_pool, call)

    return run


def _run(work: Callable[[], R]) -> R:
    # Behind it only: each of these threads is ours, so nobody else left a connection in it.
    try:
        return work()
    finally:
        close_old_connections()
