from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from pairly.common import redis as common_redis
from pairly.common import redis_health
from security import limits
from security.local_limits import LocalLimits


@pytest.fixture(autouse=True)
def redis() -> Iterator[None]:
    """An empty Redis (see the root conftest) and a process that remembers no failure."""
    redis_health.forget_failure()
    limits.forget_local()
    yield
    common_redis.get_client.cache_clear()
    redis_health.forget_failure()
    limits.forget_local()


@pytest.fixture
def hung_redis(settings: Settings) -> Iterator[None]:
    """A server that accepts and never answers, as one stopped by SIGSTOP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        settings.REDIS_TIMEOUT_SECONDS = 1.0
        common_redis.get_client.cache_clear()
        yield


def _race(n: int, *, limit: int) -> int:
    start, key = threading.Barrier(n), uuid.uuid4().hex

    def one(_number: int) -> bool:
        start.wait(timeout=30)
        return limits.allow(name="race", key=key, limit=limit, window_s=60).allowed

    with ThreadPoolExecutor(n) as pool:
        return sum(pool.map(one, range(n)))


def test_of_60_parallel_uses_exactly_the_limit_passes() -> None:
    assert _race(60, limit=5) == 5


def test_a_refusal_says_when_to_come_back() -> None:
    decisions = [limits.allow(name="n", key="k", limit=2, window_s=60) for _ in range(3)]
    assert [decision.allowed for decision in decisions] == [True, True, False]
    assert [decision.remaining for decision in decisions] == [1, 0, 0]
    assert 30 < decisions[2].retry_after_s <= 60


def test_keys_and_names_do_not_share_a_window() -> None:
    assert limits.allow(name="a", key="k", limit=1, window_s=60).allowed
    assert limits.allow(name="a", key="other", limit=1, window_s=60).allowed
    assert limits.allow(name="b", key="k", limit=1, window_s=60).allowed
    assert not limits.allow(name="a", key="k", limit=1, window_s=60).allowed


def test_the_window_slides() -> None:
    def allow(number: int) -> bool:
        return limits.allow(name="slide", key=str(number), limit=1, window_s=0.2).allowed

    # The first window that is not over before the second try; on a busy machine that may be a later one.
    number = next(number for number in range(100) if allow(number) and not allow(number))
    deadline = time.monotonic() + 30
    while not allow(number):
        assert time.monotonic() < deadline


def test_a_hung_redis_leaves_an_in_process_limit_and_costs_one_timeout(hung_redis: None) -> None:
    before = time.monotonic()
    decisions = [limits.allow(name="n", key="k", limit=5, window_s=60).allowed for _ in range(50)]
    assert decisions == [True] * 5 + [False] * 45
    assert time.monotonic() - before < 50 * django_settings.REDIS_TIMEOUT_SECONDS / 2


def test_a_hung_redis_never_fails_a_frame(hung_redis: None) -> None:
    user_id = uuid.uuid4()
    decisions = [limits.allow_frame(user_id=user_id) for _ in range(21)]
    assert [decision.allowed for decision in decisions] == [True] * 20 + [False]
    assert decisions[20].newly_muted


def test_the_21st_frame_mutes_and_the_mute_doubles_up_to_its_maximum() -> None:
    user_id, muted_s = uuid.uuid4(), []
    for _round in range(6):
        assert all(limits.allow_frame(user_id=user_id).allowed for _ in range(20))
        refused = limits.allow_frame(user_id=user_id)
        assert not refused.allowed
        assert refused.newly_muted
        again = limits.allow_frame(user_id=user_id)
        assert (again.allowed, again.newly_muted) == (False, False)
        muted_s.append(round(refused.retry_after_s))
        # What the end of the mute does; waiting an hour for it would prove no more.
        common_redis.get_client().delete(common_redis.key("frames", str(user_id), "mute"))
    assert muted_s == [60, 120, 240, 480, 900, 900]


def test_frames_of_60_parallel_threads_are_counted_once_each() -> None:
    user_id, start = uuid.uuid4(), threading.Barrier(60)

    def one(_number: int) -> bool:
        start.wait(timeout=30)
        return limits.allow_frame(user_id=user_id).allowed

    with ThreadPoolExecutor(60) as pool:
        assert sum(pool.map(one, range(60))) == 20


def test_the_in_process_mute_doubles_too() -> None:
    local, muted_s = LocalLimits(), []
    options = {"limit": 2, "window_s": 10.0, "mute_s": 0.0, "mute_max_s": 900.0, "level_s": 3600.0}
    for _round in range(3):
        assert local.frame(key="k", **options)[0]
        assert local.frame(key="k", **options)[0]
        muted_s.append(local.frame(key="k", **options))
    assert muted_s == [(False, 0.0, True)] * 3
    options["mute_s"] = 60.0
    for _ in range(2):
        local.frame(key="k", **options)
    assert local.frame(key="k", **options) == (False, 60.0 * 2**3, True)


def test_the_in_process_limit_remembers_a_bounded_number_of_keys() -> None:
    local = LocalLimits(max_keys=3)
    for key in "abcd":
        local.hit(key=key, limit=1, window_s=60)
    assert local.hit(key="a", limit=1, window_s=60)[0]
    assert not local.hit(key="d", limit=1, window_s=60)[0]
