"""Limits that hold while Redis is stopped: PostgreSQL counts for all processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from pairly.common import redis as common_redis
from pairly.common import redis_health
from pairly.embedded.redis import Redis
from pairly.testing import databases
from security import limits
from security.local_limits import LocalLimits
from security.models import LimitHit

# What each process does: wait until told to go, then use the limit 30 times at once and print how many passed.
PROCESS = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import django; django.setup()
from django.db import connection
from security import limits
n, key = 30, sys.argv[1]
start = threading.Barrier(n)
def one(_number):
    start.wait(timeout=60)
    try:
        return limits.allow(name="race", key=key, limit=5, window_s=60, is_strict=True).allowed
    finally:
        connection.close()
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(n) as pool:
    print(sum(pool.map(one, range(n))), flush=True)
"""


@pytest.fixture
def stopped_redis(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the test's own, stopped by SIGSTOP: it takes connections and never answers. Gives its URL."""
    folder = Path(tmp_path_factory.mktemp("redis"))
    server = Redis(var_dir=folder)
    server.start()
    assert server.child is not None
    url = f"unix://{server.socket}?db=0"
    os.kill(server.child.pid, signal.SIGSTOP)
    settings.REDIS_URL = url
    settings.REDIS_TIMEOUT_SECONDS = 1.0
    common_redis.get_client.cache_clear()
    redis_health.forget_failure()
    limits.forget_local()
    try:
        yield url
    finally:
        os.kill(server.child.pid, signal.SIGCONT)
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        common_redis.get_client.cache_clear()
        redis_health.forget_failure()
        limits.forget_local()


def _start(database: str, redis_url: str, key: str) -> subprocess.Popen[str]:
    env = {
        **databases.server_environment(django_settings.VAR_DIR, name=database),
        "REDIS_URL": redis_url,
        "REDIS_TIMEOUT_SECONDS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, key],
        cwd=databases.ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_60_parallel_uses_in_two_processes_exactly_the_limit_passes_without_redis(
    committed_db: str, stopped_redis: str
) -> None:
    key = uuid.uuid4().hex
    children = [_start(committed_db, stopped_redis, key) for _ in range(2)]
    try:
        for child in children:
            assert child.stdout is not None
            while (line := child.stdout.readline()) != "ready\n":
                assert line, "the process ended early"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        passed = [int(child.communicate(timeout=60)[0].splitlines()[-1]) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert sum(passed) == 5
    assert LimitHit.objects.count() == 5


def test_control_two_processes_that_count_for_themselves_let_twice_as_many_pass() -> None:
    processes = [LocalLimits(), LocalLimits()]
    start = threading.Barrier(60)

    def one(number: int) -> bool:
        start.wait(timeout=30)
        return processes[number % 2].hit(key="race", limit=5, window_s=60)[0]

    with ThreadPoolExecutor(60) as pool:
        assert sum(pool.map(one, range(60))) == 10


@pytest.mark.django_db
def test_a_strict_refusal_says_when_to_come_back_and_is_not_counted(stopped_redis: str) -> None:
    decisions = [limits.allow(name="n", key="k", limit=2, window_s=60, is_strict=True) for _ in range(4)]
    assert [decision.allowed for decision in decisions] == [True, True, False, False]
    assert [decision.remaining for decision in decisions] == [1, 0, 0, 0]
    assert 30 < decisions[2].retry_after_s <= 60
    assert LimitHit.objects.count() == 2


@pytest.mark.django_db
def test_the_strict_window_slides_and_what_left_it_is_deleted(stopped_redis: str) -> None:
    assert limits.allow(name="n", key="k", limit=1, window_s=60, is_strict=True).allowed
    assert not limits.allow(name="n", key="k", limit=1, window_s=60, is_strict=True).allowed
    assert limits.allow(name="n", key="other", limit=1, window_s=60, is_strict=True).allowed
    LimitHit.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert limits.allow(name="n", key="k", limit=1, window_s=60, is_strict=True).allowed
    assert LimitHit.objects.count() == 2


@pytest.mark.django_db
def test_no_address_stands_in_the_table(stopped_redis: str) -> None:
    limits.allow(name="n", key="192.0.2.7", limit=1, window_s=60, is_strict=True)
    assert b"192.0.2.7" not in bytes(LimitHit.objects.get().key_hash)


@pytest.mark.django_db
def test_while_redis_answers_postgresql_is_not_asked() -> None:
    redis_health.forget_failure()
    with connection.execute_wrapper(_no_query):
        assert limits.allow(name="n", key="k", limit=1, window_s=60, is_strict=True).allowed


def _no_query(*args: object) -> object:
    raise AssertionError("a query")
