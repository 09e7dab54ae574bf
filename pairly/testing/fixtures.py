"""Fixtures of the whole suite: real PostgreSQL as the restricted role, real Redis, real Daphne, real Chromium."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django import DjangoDbBlocker, Settings

from pairly.common import database_health
from pairly.common import redis as common_redis
from pairly.common.sql import close_connections
from pairly.embedded import processes
from security.ban_list import ban_list

from . import databases
from .browser import launch_arguments
from .chromium import find_chromium
from .ports import free_port as free_port

# Playwright's and httpx's own five seconds, and thirty for a page, are short on a machine that is busy.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
for _wait in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, _wait, PATIENCE_MS / 1000)

# Hypothesis tries the same in every run, but with PAIRLY_PROVE: a change fails by what it changed. How long an example
# takes says how busy the machine is.
hypothesis_settings.register_profile(
    "pairly",
    derandomize=not os.environ.get("PAIRLY_PROVE"),
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("pairly")


def _point_at(name: str) -> None:
    # First the name: a thread that is still about would else open the pool of the old one again.
    connection.settings_dict["NAME"] = name
    settings.DATABASES["default"]["NAME"] = name
    close_connections()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One clone of the template a worker; tests that do not commit share it."""
    with databases.clone(settings.VAR_DIR, name=settings.DATABASES["default"]["NAME"]) as name:
        with django_db_blocker.unblock():
            _point_at(name)
        yield
        with django_db_blocker.unblock():
            _point_at(name)


@contextmanager
def own_database(blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database that may be committed to; Django uses it inside the block. Gives its name."""
    before = settings.DATABASES["default"]["NAME"]
    with databases.clone(settings.VAR_DIR) as name, blocker.unblock():
        _point_at(name)
        try:
            yield name
        finally:
            _point_at(before)


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database of its own for a test that commits (threads, child processes); gives its name."""
    with own_database(django_db_blocker) as name:
        yield name


def _forget_cached_keys() -> None:
    from messaging import key_selectors

    key_selectors._device_public.cache_clear()


@pytest.fixture(autouse=True)
def _clean_caches() -> None:
    """Each test starts with an empty Redis database of its worker, and with no key of an earlier test in mind."""
    common_redis.get_client().flushdb()
    _forget_cached_keys()
    ban_list.begin_empty()
    database_health.limit_answers(seconds=None)  # importing pairly.asgi sets it for a process that serves people


@pytest.fixture(autouse=True)
def _alike_on_every_machine(settings: Settings) -> None:
    """Tests of what reads text name their own program: some machines have one."""
    settings.TESSERACT = ""


def _is_loopback(host: object) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to anything but this machine: neither connections nor look-ups of names."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse(address: Any) -> None:
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse((host,))
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


@pytest.fixture
def product_hashers(settings: Settings) -> None:
    """Passwords are hashed at the product's cost, for tests of just that."""
    settings.PASSWORD_HASHERS = settings.PRODUCT_PASSWORD_HASHERS


@dataclass(frozen=True)
class RunningServer:
    """A Daphne of ours: its base URL, its log, the environment it runs in."""

    url: str
    log_path: Path
    env: dict[str, str]
    child: subprocess.Popen[bytes]

    @property
    def socket_url(self) -> str:
        return self.url.replace("http://", "ws://") + "/api/v1/messages/ws"


@contextmanager
def running_daphne(
    *, database: str, log_folder: Path, port: int = 0, application: str = "pairly.asgi:application", **extra_env: str
) -> Iterator[RunningServer]:
    """The real application on loopback and on `database`; stopped at the end. `port` 0 means a free one."""
    port = port or free_port()
    env = {
        **databases.server_environment(settings.VAR_DIR, name=database),
        "REDIS_URL": settings.REDIS_URL,
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_PORT": str(port + 1),
        # No query is refused because the machine is busy. Tests of a database that hangs say their own.
        "DATABASE_ANSWER_SECONDS_WEB": "30",
        **extra_env,
    }
    log_path = log_folder / f"daphne-{port}.log"
    command = [sys.executable, "-m", "pairly.server", "--host", "127.0.0.1", "--port", str(port), application]
    child = processes.start(command=[*processes.wrap(death_signal="KILL"), *command], log_path=log_path, env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        processes.wait_until(ready=lambda: _answers(url), child=child, name="Daphne", log_path=log_path, seconds=180)
        yield RunningServer(url, log_path, env, child)
    finally:
        processes.stop(child)


@pytest.fixture
def start_server(committed_db: str, tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Start Daphne on the test's own database; stopped at the end."""
    with ExitStack() as running:

        def start(**extra_env: str) -> RunningServer:
            how: dict[str, Any] = {"database": committed_db, "log_folder": tmp_path, **extra_env}
            return running.enter_context(running_daphne(**how))

        yield start


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/version", timeout=10).status_code < 500
    except httpx.HTTPError:
        return False


@pytest.fixture
def asgi_server(start_server: Callable[..., RunningServer]) -> RunningServer:
    """The real application on loopback."""
    return start_server()


def _patient(make: Callable[..., Any], **how: Any) -> Any:
    """A context or page of a browser that waits as long as all else: keys are opened by an expensive hash."""
    made = make(**how)
    made.set_default_timeout(PATIENCE_MS)
    return made


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A headless Chromium for the tests of one module.

    Not for the session: while Playwright's synchronous API runs, its event loop runs in this thread and Django
    would refuse the ORM in every later test. For the module's own tests the check is off.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        own = getattr(request.module, "CHROMIUM_ARGUMENTS", ())  # what one module needs beside
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*launch_arguments(), *own])
        # The service worker would stand between a page and what a test sees of its requests. Its own tests allow it.
        for name in ("new_context", "new_page"):
            patch.setattr(browser, name, partial(_patient, getattr(browser, name), service_workers="block"))
        yield browser
        browser.close()
        # While a loop runs, the thread has a connection apart from the one it had before (asgiref's Local). Left
        # open, it would outlive its database, and the next module with a browser would be given it again.
        connection.close()
