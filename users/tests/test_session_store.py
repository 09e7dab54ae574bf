from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from pairly.common import redis as common_redis
from pairly.common import redis_health
from security import limits

from .helpers import PASSWORD, make_person


@pytest.fixture
def hung_redis(settings: Settings) -> Iterator[None]:
    """A server that accepts and never answers, in the place of Redis."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        settings.REDIS_URL = url
        settings.REDIS_TIMEOUT_SECONDS = 1.0
        waits = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
        cache = settings.CACHES["default"]
        settings.CACHES = {"default": {**cache, "LOCATION": url, "OPTIONS": {**cache["OPTIONS"], **waits}}}
        common_redis.get_client.cache_clear()
        yield
    common_redis.get_client.cache_clear()
    redis_health.forget_failure()
    limits.forget_local()


@pytest.mark.django_db
def test_a_browser_signs_in_reads_and_signs_out_while_redis_hangs(settings: Settings, hung_redis: None) -> None:
    settings.SESSION_ENGINE = "users.session_store"
    make_person()
    client = Client()
    before = time.monotonic()
    assert client.post("/sign-in/", {"email": "ada@example.org", "password": PASSWORD}).status_code == 302
    assert client.get("/api/v1/auth/sessions").status_code == 200
    client.post("/sign-out/")
    assert client.get("/api/v1/auth/sessions").status_code == 401
    assert time.monotonic() - before < 20
