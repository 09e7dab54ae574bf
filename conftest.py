"""The test run owns one PostgreSQL and one Redis, started by the controlling process before any worker."""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack

import pytest
from django.conf import settings

from pairly.embedded import servers
from pairly.testing import databases, static

pytest_plugins = ["pairly.testing.fixtures"]

_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.help:
        return
    _stack.enter_context(servers.running(var_dir=settings.VAR_DIR, durable=False))
    # Two children at the same time: no worker has begun, and each would have a core of its own.
    with static.collecting(settings.VAR_DIR):
        databases.ensure_template(settings.VAR_DIR)


# The files that take longest, by name. A file stays in one worker, so these begin first, or one worker would end alone.
LONGEST = (
    "test_pages_quality",
    "test_schemathesis",
    "test_up",
    "test_access_matrix",
    "test_cors_csrf",
    "test_main_job",
    "test_faults_table",
    "test_chat_page",
    "test_server_drain",
    "test_access_admin",
    "test_demo",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first. What takes minutes is marked `prove` and belongs to `make prove`."""
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
    if os.environ.get("PAIRLY_PROVE"):
        return
    long = [item for item in items if item.get_closest_marker("prove")]
    if long:
        items[:] = [item for item in items if item not in set(long)]
        config.hook.pytest_deselected(items=long)


def pytest_collection_finish() -> None:
    """What is imported by now stays until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()
