"""The test run owns one PostgreSQL and one Redis, started by the controlling process before any worker."""

from __future__ import annotations

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
    databases.ensure_template(settings.VAR_DIR)
    static.collect(settings.VAR_DIR)


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()
