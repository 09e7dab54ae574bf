"""Where asynchronous doors run synchronous services."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")

# Channels' default is one thread for the whole process, so that each send would wait for the commit of every other.
# Fewer threads than the pool has connections: a page must still find one.
THREADS = 8
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="service")


def in_thread(work: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """`work` as a coroutine function; it runs in a thread of the pool and gives its database connection back."""
    return database_sync_to_async(work, thread_sensitive=False, executor=_pool)
